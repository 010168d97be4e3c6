/**
 * Two words under two locks, one after the other; who looks in between finds them apart (SCTBench). Fails. `locals`: see
 * as-compiled.ts; the mutexes are behind pointers, and a reader has two variables of its own.
 */

import type { Body } from "../../src/explore/bare/request.ts";
import { AT_BEGIN, AT_END, IN_LOOP, localSteps } from "./as-compiled.ts";
import { type BenchProgram, define } from "./define.ts";

export const twostage: BenchProgram = define(
  "twostage",
  { writers: 1, readers: 1, locals: 0 },
  ({ writers, readers, locals }) =>
    (bare) => {
      const d1 = bare.word(0, "d1");
      const d2 = bare.word(0, "d2");
      const lock1 = bare.mutex("lock1");
      const lock2 = bare.mutex("lock2");
      const local = localSteps(bare, 1 + writers + readers, locals);
      const writer: Body = function* (self) {
        if (local !== undefined) yield* local(self, AT_BEGIN + 1);
        yield* bare.lock(lock1);
        yield* bare.store32(d1, 1);
        if (local !== undefined) yield* local(self, 1);
        yield* bare.unlock(lock1);
        if (local !== undefined) yield* local(self, 1);
        yield* bare.lock(lock2);
        yield* bare.store32(d2, (yield* bare.load32(d1)) + 1);
        if (local !== undefined) yield* local(self, 1);
        yield* bare.unlock(lock2);
        if (local !== undefined) yield* local(self, AT_END);
      };
      const reader: Body = function* (self) {
        if (local !== undefined) yield* local(self, AT_BEGIN + 3);
        yield* bare.lock(lock1);
        if ((yield* bare.load32(d1)) === 0) {
          if (local !== undefined) yield* local(self, 1);
          yield* bare.unlock(lock1);
          if (local !== undefined) yield* local(self, AT_END);
          return;
        }
        const first = yield* bare.load32(d1);
        if (local !== undefined) yield* local(self, 2);
        yield* bare.unlock(lock1);
        if (local !== undefined) yield* local(self, 1);
        yield* bare.lock(lock2);
        const second = yield* bare.load32(d2);
        if (local !== undefined) yield* local(self, 2);
        yield* bare.unlock(lock2);
        if (local !== undefined) yield* local(self, 2);
        bare.check(second === first + 1, "the second stage was not reached");
        if (local !== undefined) yield* local(self, AT_END);
      };
      bare.thread(function* (self) {
        const children: number[] = [];
        for (let i = 0; i < writers + readers; i++) {
          if (local !== undefined) yield* local(self, IN_LOOP.before);
          children.push(yield* bare.spawn(i < writers ? writer : reader));
          if (local !== undefined) yield* local(self, IN_LOOP.after);
        }
        for (const child of children) {
          if (local !== undefined) yield* local(self, IN_LOOP.join);
          yield* bare.join(child);
        }
      }, "main");
    },
  ({ writers, readers }) => ({ maxThreads: 1 + writers + readers, bytes: 128 + 8 * (writers + readers) }),
);
