/** One stores a value and then a flag; another looks at the flag `tries` + 1 times at most before it gives up (GenMC). */
import { type BenchProgram, define } from "./define.ts";

export const publish: BenchProgram = define("publish", { tries: 40 }, ({ tries }) => (bare) => {
  const x = bare.word(0, "x");
  const flag = bare.word(0, "flag");
  bare.thread(function* () {
    yield* bare.store32(x, 42);
    yield* bare.store32(flag, 1);
  });
  bare.thread(function* () {
    for (let looked = 0; (yield* bare.load32(flag)) === 0; looked++) if (looked === tries) return;
    bare.check((yield* bare.load32(x)) === 42, "the flag came before the value");
  });
});
