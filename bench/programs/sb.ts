/** Litmus SB, store buffering: two threads that store one word and load the other. */
import { type BenchProgram, define } from "./define.ts";

export const sb: BenchProgram = define("sb", {}, () => (bare) => {
  const x = bare.word(0, "x");
  const y = bare.word(0, "y");
  bare.thread(function* () {
    yield* bare.store32(x, 1);
    yield* bare.load32(y);
  });
  bare.thread(function* () {
    yield* bare.store32(y, 1);
    yield* bare.load32(x);
  });
});
