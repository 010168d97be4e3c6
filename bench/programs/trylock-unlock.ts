/**
 * n threads that try to lock one mutex, and unlock it when they got it. `ordered` 1: attempts that fail depend on each other, as in
 * the published counts; 0: they are reads, of which the order makes no difference.
 */
import { type BenchProgram, define } from "./define.ts";

export const trylockUnlock: BenchProgram = define(
  "trylock_unlock",
  { n: 2, ordered: 1 },
  ({ n }) =>
    (bare) => {
      const mutex = bare.mutex();
      for (let t = 1; t <= n; t++) {
        bare.thread(function* () {
          if ((yield* bare.tryLock(mutex)) === 1) yield* bare.unlock(mutex);
        });
      }
    },
  ({ ordered }) => ({ refusalsOrdered: ordered !== 0 }),
);
