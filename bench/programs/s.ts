/** Litmus S: a store that a later one of another thread may precede. */
import { type BenchProgram, define } from "./define.ts";

export const s: BenchProgram = define("s", {}, () => (bare) => {
  const x = bare.word(0, "x");
  const y = bare.word(0, "y");
  bare.thread(function* () {
    yield* bare.store32(x, 2);
    yield* bare.store32(y, 1);
  });
  bare.thread(function* () {
    yield* bare.load32(y);
    yield* bare.store32(x, 1);
  });
});
