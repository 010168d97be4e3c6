/** n threads store x; the main thread joins them all and loads it. */
import { type BenchProgram, define } from "./define.ts";

export const lastwrite: BenchProgram = define(
  "lastwrite",
  { n: 3 },
  ({ n }) =>
    (bare) => {
      const x = bare.word(0, "x");
      bare.thread(function* () {
        const writers: number[] = [];
        for (let t = 1; t <= n; t++) {
          writers.push(
            yield* bare.spawn(function* (_self, value) {
              yield* bare.store32(x, value);
            }, t),
          );
        }
        for (const writer of writers) yield* bare.join(writer);
        yield* bare.load32(x);
      }, "main");
    },
  ({ n }) => ({ maxThreads: 1 + n }),
);
