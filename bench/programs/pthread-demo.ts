/** n threads that count `rounds` times under one mutex (SV-COMP). */
import { type BenchProgram, define } from "./define.ts";

export const pthreadDemo: BenchProgram = define(
  "pthread_demo",
  { n: 2, rounds: 5 },
  ({ n, rounds }) =>
    (bare) => {
      const counter = bare.word(0, "counter");
      const mutex = bare.mutex();
      for (let t = 0; t < n; t++) {
        bare.thread(function* () {
          for (let i = 0; i < rounds; i++) {
            yield* bare.lock(mutex);
            yield* bare.store32(counter, (yield* bare.load32(counter)) + 1);
            yield* bare.unlock(mutex);
          }
        });
      }
      bare.atEnd(() => bare.check(bare.peek32(counter) === n * rounds, "a count was lost"));
    },
);
