/** The queue lock of Mellor-Crummey and Scott (1991) for n threads: each waits for a word of its own. Nodes have numbers from 1. */
import { criticalSection } from "./critical-section.ts";
import { type BenchProgram, define } from "./define.ts";

export const mcs: BenchProgram = define(
  "mcs",
  { n: 2 },
  ({ n }) =>
    (bare) => {
      const tail = bare.word(0, "tail");
      const next = Array.from({ length: n + 1 }, (_, i) => bare.word(0, `next[${i}]`));
      const granted = Array.from({ length: n + 1 }, (_, i) => bare.word(0, `granted[${i}]`));
      const inside = bare.word(0, "inside");
      for (let own = 1; own <= n; own++) {
        bare.thread(function* () {
          yield* bare.store32(granted[own]!, 0);
          yield* bare.store32(next[own]!, 0);
          const before = yield* bare.xchg32(tail, own);
          if (before !== 0) {
            yield* bare.store32(next[before]!, own);
            yield* bare.until(granted[own]!, (value) => value === 1);
          }
          yield* criticalSection(bare, inside, own);
          let after = yield* bare.load32(next[own]!);
          if (after === 0) {
            if ((yield* bare.cmpxchg32(tail, own, 0)) === 0) return;
            after = yield* bare.until(next[own]!, (value) => value !== 0);
          }
          yield* bare.store32(granted[after]!, 1);
        });
      }
    },
  ({ n }) => ({ bytes: 128 + 16 * n }),
);
