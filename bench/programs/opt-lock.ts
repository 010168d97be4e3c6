/** Two threads that try an optimistic lock n times at most: store x and y, and go on if x is still their own (Nidhugg). */
import { type BenchProgram, define } from "./define.ts";

export const optLock: BenchProgram = define("opt_lock", { n: 2 }, ({ n }) => (bare) => {
  const x = bare.word(0, "x");
  const y = bare.word(0, "y");
  for (const own of [0, 1]) {
    bare.thread(function* () {
      for (let i = 0; i < n; i++) {
        yield* bare.store32(x, own);
        yield* bare.store32(y, 1);
        if ((yield* bare.load32(x)) !== own) continue;
        yield* bare.load32(y);
        break;
      }
    });
  }
});
