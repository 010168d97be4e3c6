/** Lamport's fast mutex for n threads (1987): two words decide when nobody competes. */
import type { Coroutine } from "../../src/atomics/step.ts";
import { criticalSection } from "./critical-section.ts";
import { type BenchProgram, define } from "./define.ts";

const zero = (value: number): boolean => value === 0;

export const lamportFast: BenchProgram = define(
  "lamport_fast",
  { n: 2 },
  ({ n }) =>
    (bare) => {
      const tries = Array.from({ length: n }, (_, i) => bare.word(0, `tries[${i}]`));
      const x = bare.word(0, "x");
      const y = bare.word(0, "y");
      const inside = bare.word(0, "inside");
      /** True: it has the lock. */
      function* attempt(own: number): Coroutine<boolean> {
        yield* bare.store32(tries[own - 1]!, 1);
        yield* bare.store32(x, own);
        if ((yield* bare.load32(y)) !== 0) {
          yield* bare.store32(tries[own - 1]!, 0);
          yield* bare.until(y, zero);
          return false;
        }
        yield* bare.store32(y, own);
        if ((yield* bare.load32(x)) === own) return true;
        yield* bare.store32(tries[own - 1]!, 0);
        for (const other of tries) yield* bare.until(other, zero);
        if ((yield* bare.load32(y)) === own) return true;
        yield* bare.until(y, zero);
        return false;
      }
      for (let own = 1; own <= n; own++) {
        bare.thread(function* () {
          while (!(yield* attempt(own)));
          yield* criticalSection(bare, inside, own);
          yield* bare.store32(y, 0);
          yield* bare.store32(tries[own - 1]!, 0);
        });
      }
    },
  ({ n }) => ({ bytes: 128 + 8 * n }),
);
