/** A sender and a receiver of n numbers who try in turns under one lock, and count an attempt in vain as done (SCTBench). Fails. */
import { type BenchProgram, define } from "./define.ts";

export const circularBuffer: BenchProgram = define(
  "circular_buffer",
  { n: 7 },
  ({ n }) =>
    (bare) => {
      const buffer = Array.from({ length: n + 1 }, (_, i) => bare.word(0, `buffer[${i}]`));
      const sent = bare.word(0, "sent");
      const received = bare.word(0, "received");
      const full = bare.word(0, "full");
      const mutex = bare.mutex();
      bare.thread(function* () {
        const sender = yield* bare.spawn(function* () {
          for (let i = 0; i < n; i++) {
            yield* bare.lock(mutex);
            if ((yield* bare.load32(full)) === 0) {
              const at = yield* bare.load32(sent);
              yield* bare.store32(buffer[at]!, i);
              yield* bare.store32(sent, at + 1);
              yield* bare.store32(full, 1);
            }
            yield* bare.unlock(mutex);
          }
        });
        const receiver = yield* bare.spawn(function* () {
          for (let i = 0; i < n; i++) {
            let right = true;
            yield* bare.lock(mutex);
            if ((yield* bare.load32(full)) === 1) {
              const at = yield* bare.load32(received);
              yield* bare.store32(received, at + 1);
              right = (yield* bare.load32(buffer[at]!)) === i;
              yield* bare.store32(full, 0);
            }
            yield* bare.unlock(mutex);
            bare.check(right, "another number was received");
          }
        });
        yield* bare.join(sender);
        yield* bare.join(receiver);
      }, "main");
    },
  ({ n }) => ({ bytes: 128 + 8 * n }),
);
