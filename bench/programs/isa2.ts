/** Litmus ISA2: message passing through a third thread. */
import { type BenchProgram, define } from "./define.ts";

export const isa2: BenchProgram = define("isa2", {}, () => (bare) => {
  const x = bare.word(0, "x");
  const y = bare.word(0, "y");
  const z = bare.word(0, "z");
  bare.thread(function* () {
    yield* bare.store32(x, 1);
    yield* bare.store32(y, 1);
  });
  bare.thread(function* () {
    yield* bare.load32(y);
    yield* bare.store32(z, 1);
  });
  bare.thread(function* () {
    yield* bare.load32(z);
    yield* bare.load32(x);
  });
});
