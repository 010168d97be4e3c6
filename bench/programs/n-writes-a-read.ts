/** Two threads that store one word n times each and then load it (Nidhugg, `n_writes_a_read_two_threads`). */
import { type BenchProgram, define } from "./define.ts";

export const nWritesARead: BenchProgram = define("n_writes_a_read", { n: 2 }, ({ n }) => (bare) => {
  const x = bare.word(0, "x");
  for (const t of [0, 1]) {
    bare.thread(function* () {
      for (let i = 0; i < n; i++) yield* bare.store32(x, t);
      yield* bare.load32(x);
    });
  }
});
