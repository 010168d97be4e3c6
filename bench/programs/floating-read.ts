/** A main thread that starts n threads which store a word, loads it, and joins them (Aronis and others, TACAS 2018). */
import { type BenchProgram, define } from "./define.ts";

export const floatingRead: BenchProgram = define(
  "floating_read",
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
        yield* bare.load32(x);
        for (const writer of writers) yield* bare.join(writer);
      }, "main");
    },
  ({ n }) => ({ maxThreads: 1 + n }),
);
