/** Two threads that sieve the same n numbers (GenMC). */
import { type BenchProgram, define } from "./define.ts";

export const eratosthenes: BenchProgram = define(
  "eratosthenes",
  { n: 4 },
  ({ n }) =>
    (bare) => {
      const naturals = Array.from({ length: n }, (_, i) => bare.word(0, `naturals[${i}]`));
      for (let t = 0; t < 2; t++) {
        bare.thread(function* () {
          for (let i = 0; i < n; i++) {
            if ((yield* bare.load32(naturals[i]!)) !== 0) continue;
            yield* bare.store32(naturals[i]!, 1);
            for (let j = 2 * i + 2; j < n; j += i + 2) yield* bare.store32(naturals[j]!, 2);
          }
        });
      }
    },
  ({ n }) => ({ bytes: 128 + 8 * n }),
);
