/** Burns's lock for n threads, one bit each (Burns and Lynch 1980): lower numbers first. */
import { criticalSection } from "./critical-section.ts";
import { type BenchProgram, define } from "./define.ts";

const zero = (value: number): boolean => value === 0;

export const burns: BenchProgram = define(
  "burns",
  { n: 2 },
  ({ n }) =>
    (bare) => {
      const flags = Array.from({ length: n }, (_, i) => bare.word(0, `flag[${i}]`));
      const inside = bare.word(0, "inside");
      for (let own = 0; own < n; own++) {
        const lower = flags.slice(0, own);
        const higher = flags.slice(own + 1);
        bare.thread(function* () {
          for (let free = false; !free; ) {
            yield* bare.store32(flags[own]!, 0);
            for (const flag of lower) yield* bare.until(flag, zero);
            yield* bare.store32(flags[own]!, 1);
            free = true;
            for (const flag of lower) free = free && (yield* bare.load32(flag)) === 0;
          }
          for (const flag of higher) yield* bare.until(flag, zero);
          yield* criticalSection(bare, inside, own);
          yield* bare.store32(flags[own]!, 0);
        });
      }
    },
  ({ n }) => ({ bytes: 128 + 8 * n }),
);
