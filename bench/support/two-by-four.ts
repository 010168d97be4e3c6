/** Two threads of four steps on two words: the smallest program with a choice at most steps (70 interleavings). */
import { type BenchProgram, define } from "../programs/define.ts";

export const twoByFour: BenchProgram = define("2x4", {}, () => (bare) => {
  const x = bare.word(0, "x");
  const y = bare.word(0, "y");
  bare.thread(function* () {
    yield* bare.store32(x, 1);
    yield* bare.load32(y);
    yield* bare.store32(y, 1);
    yield* bare.load32(x);
  });
  bare.thread(function* () {
    yield* bare.store32(y, 2);
    yield* bare.load32(x);
    yield* bare.store32(x, 2);
    yield* bare.load32(y);
  });
});
