/** Lamport's bakery for n threads (1974). `wrong` 1: nobody waits for who is still drawing a number. Then it fails. */
import { criticalSection } from "./critical-section.ts";
import { type BenchProgram, define } from "./define.ts";

export const bakery: BenchProgram = define(
  "bakery",
  { n: 2, wrong: 0 },
  ({ n, wrong }) =>
    (bare) => {
      const draws = Array.from({ length: n }, (_, i) => bare.word(0, `draws[${i}]`));
      const numbers = Array.from({ length: n }, (_, i) => bare.word(0, `number[${i}]`));
      const inside = bare.word(0, "inside");
      for (let own = 0; own < n; own++) {
        bare.thread(function* () {
          yield* bare.store32(draws[own]!, 1);
          let mine = 1;
          for (let t = 0; t < n; t++) {
            if (t !== own) mine = Math.max(mine, 1 + (yield* bare.load32(numbers[t]!)));
          }
          yield* bare.store32(numbers[own]!, mine);
          yield* bare.store32(draws[own]!, 0);
          for (let t = 0; t < n; t++) {
            if (t === own) continue;
            if (wrong === 0) yield* bare.until(draws[t]!, (drawing) => drawing === 0);
            yield* bare.until(
              numbers[t]!,
              (number) => number === 0 || number > mine || (number === mine && t > own),
            );
          }
          yield* criticalSection(bare, inside, own);
          yield* bare.store32(numbers[own]!, 0);
        });
      }
    },
  ({ n }) => ({ bytes: 128 + 16 * n }),
);
