/** The example of the first paper on optimal DPOR (POPL 2014). */
import { type BenchProgram, define } from "./define.ts";

export const popl14: BenchProgram = define("popl14", {}, () => (bare) => {
  const x = bare.word(0, "x");
  const y = bare.word(0, "y");
  const z = bare.word(0, "z");
  bare.thread(function* () {
    yield* bare.store32(x, 1);
  });
  bare.thread(function* () {
    yield* bare.store32(y, 1);
  });
  bare.thread(function* () {
    if ((yield* bare.load32(y)) === 0) yield* bare.store32(z, 1);
  });
  bare.thread(function* () {
    if ((yield* bare.load32(z)) === 1 && (yield* bare.load32(y)) === 0) yield* bare.store32(x, 2);
  });
});
