/** Two words under two locks, one after the other; who looks in between finds them apart (SCTBench). Fails. */

import type { Body } from "../../src/explore/bare/request.ts";
import { type BenchProgram, define } from "./define.ts";

export const twostage: BenchProgram = define(
  "twostage",
  { writers: 1, readers: 1 },
  ({ writers, readers }) =>
    (bare) => {
      const d1 = bare.word(0, "d1");
      const d2 = bare.word(0, "d2");
      const lock1 = bare.mutex("lock1");
      const lock2 = bare.mutex("lock2");
      const writer: Body = function* () {
        yield* bare.lock(lock1);
        yield* bare.store32(d1, 1);
        yield* bare.unlock(lock1);
        yield* bare.lock(lock2);
        yield* bare.store32(d2, (yield* bare.load32(d1)) + 1);
        yield* bare.unlock(lock2);
      };
      const reader: Body = function* () {
        yield* bare.lock(lock1);
        if ((yield* bare.load32(d1)) === 0) {
          yield* bare.unlock(lock1);
          return;
        }
        const first = yield* bare.load32(d1);
        yield* bare.unlock(lock1);
        yield* bare.lock(lock2);
        const second = yield* bare.load32(d2);
        yield* bare.unlock(lock2);
        bare.check(second === first + 1, "the second stage was not reached");
      };
      bare.thread(function* () {
        const children: number[] = [];
        for (let i = 0; i < writers; i++) children.push(yield* bare.spawn(writer));
        for (let i = 0; i < readers; i++) children.push(yield* bare.spawn(reader));
        for (const child of children) yield* bare.join(child);
      }, "main");
    },
  ({ writers, readers }) => ({ maxThreads: 1 + writers + readers, bytes: 128 }),
);
