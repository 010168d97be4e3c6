/** A sequence lock: a writer that stores two words between two steps of a counter, readers that must not see only one of them. */
import { type BenchProgram, define } from "./define.ts";

export const seqlock: BenchProgram = define(
  "seqlock",
  { readers: 1, rounds: 1, cut: 0 },
  ({ readers, rounds, cut }) =>
    (bare) => {
      const sequence = bare.word(0, "sequence");
      const a = bare.word(0, "a");
      const b = bare.word(0, "b");
      bare.thread(function* () {
        for (let round = 1; round <= rounds; round++) {
          yield* bare.add32(sequence, 1);
          yield* bare.store32(a, round);
          yield* bare.store32(b, round);
          yield* bare.add32(sequence, 1);
        }
      }, "writer");
      for (let i = 0; i < readers; i++) {
        bare.thread(function* () {
          for (;;) {
            const before = yield* bare.until(sequence, (value) => value % 2 === 0);
            const both = [yield* bare.load32(a), yield* bare.load32(b)];
            if ((yield* bare.load32(sequence)) !== before) {
              if (cut !== 0) yield* bare.cut();
              continue;
            }
            bare.check(both[0] === both[1], "half of a write was read");
            return;
          }
        });
      }
    },
);
