/** Litmus LB, load buffering: two threads that load one word and store the other. */
import { type BenchProgram, define } from "./define.ts";

export const lb: BenchProgram = define("lb", {}, () => (bare) => {
  const x = bare.word(0, "x");
  const y = bare.word(0, "y");
  bare.thread(function* () {
    yield* bare.load32(x);
    yield* bare.store32(y, 1);
  });
  bare.thread(function* () {
    yield* bare.load32(y);
    yield* bare.store32(x, 1);
  });
});
