/** The queue lock of Craig and of Landin and Hagersten (1993) for n threads: each waits for the word of the one before. */
import { criticalSection } from "./critical-section.ts";
import { type BenchProgram, define } from "./define.ts";

export const clh: BenchProgram = define(
  "clh",
  { n: 2 },
  ({ n }) =>
    (bare) => {
      const tail = bare.word(0, "tail");
      const locked = Array.from({ length: n + 1 }, (_, i) => bare.word(0, `locked[${i}]`));
      const inside = bare.word(0, "inside");
      for (let own = 1; own <= n; own++) {
        bare.thread(function* () {
          yield* bare.store32(locked[own]!, 1);
          const before = yield* bare.xchg32(tail, own);
          yield* bare.until(locked[before]!, (value) => value === 0);
          yield* criticalSection(bare, inside, own);
          yield* bare.store32(locked[own]!, 0);
        });
      }
    },
  ({ n }) => ({ bytes: 128 + 8 * n }),
);
