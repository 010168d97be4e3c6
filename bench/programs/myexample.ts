/** n threads that store x and load it. */
import { type BenchProgram, define } from "./define.ts";

export const myexample: BenchProgram = define("myexample", { n: 2 }, ({ n }) => (bare) => {
  const x = bare.word(0, "x");
  for (let t = 1; t <= n; t++) {
    bare.thread(function* () {
      yield* bare.store32(x, t);
      yield* bare.load32(x);
    });
  }
});
