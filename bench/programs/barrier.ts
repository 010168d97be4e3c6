/** A spinning barrier for n threads: the last to come lets the others go on. Who has passed it sees what each stored before. */
import { type BenchProgram, define } from "./define.ts";

export const barrier: BenchProgram = define(
  "barrier",
  { n: 2 },
  ({ n }) =>
    (bare) => {
      const came = bare.word(0, "came");
      const round = bare.word(0, "round");
      const stored = Array.from({ length: n }, (_, i) => bare.word(0, `stored[${i}]`));
      for (let own = 0; own < n; own++) {
        bare.thread(function* () {
          yield* bare.store32(stored[own]!, 1);
          const now = yield* bare.load32(round);
          if ((yield* bare.add32(came, 1)) === n - 1) {
            yield* bare.store32(came, 0);
            yield* bare.add32(round, 1);
          } else yield* bare.until(round, (value) => value !== now);
          bare.check((yield* bare.load32(stored[(own + 1) % n]!)) === 1, "somebody came too late");
        });
      }
    },
  ({ n }) => ({ bytes: 128 + 8 * n }),
);
