/** n threads that load x and store one more: updates are lost. */
import { type BenchProgram, define } from "./define.ts";

export const inc: BenchProgram = define("inc", { n: 2 }, ({ n }) => (bare) => {
  const x = bare.word(0, "x");
  for (let t = 1; t <= n; t++) {
    bare.thread(function* () {
      const seen = yield* bare.load32(x);
      yield* bare.store32(x, seen + 1);
    });
  }
});
