/** n threads that load x and store it (GenMC). */
import { type BenchProgram, define } from "./define.ts";

export const rw: BenchProgram = define("rw", { n: 2 }, ({ n }) => (bare) => {
  const x = bare.word(0, "x");
  for (let t = 0; t < n; t++) {
    bare.thread(function* () {
      yield* bare.load32(x);
      yield* bare.store32(x, t);
    });
  }
});
