/** n threads that each set an element from the one before; a reader looks for the last that is zero. */
import { type BenchProgram, define } from "./define.ts";

export const lastzero: BenchProgram = define(
  "lastzero",
  { n: 5 },
  ({ n }) =>
    (bare) => {
      const a = Array.from({ length: n + 1 }, (_, i) => bare.word(0, `a[${i}]`));
      bare.thread(function* () {
        let i = n;
        while ((yield* bare.load32(a[i]!)) !== 0) i--;
        return i;
      }, "reader");
      for (let j = 1; j <= n; j++) {
        bare.thread(function* () {
          const before = yield* bare.load32(a[j - 1]!);
          yield* bare.store32(a[j]!, before + 1);
        });
      }
    },
  ({ n }) => ({ bytes: 128 + 8 * n }),
);
