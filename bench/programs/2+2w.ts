/** Litmus 2+2W: two threads that store two words in opposite order. */
import { type BenchProgram, define } from "./define.ts";

export const litmus2plus2w: BenchProgram = define("2+2w", {}, () => (bare) => {
  const x = bare.word(0, "x");
  const y = bare.word(0, "y");
  bare.thread(function* () {
    yield* bare.store32(x, 1);
    yield* bare.store32(y, 2);
  });
  bare.thread(function* () {
    yield* bare.store32(y, 1);
    yield* bare.store32(x, 2);
  });
});
