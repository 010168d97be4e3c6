/** What is built on futexes holds: a mutex excludes, a semaphore loses no permit, nobody sleeps for ever. */
import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import type { Addr } from "../../src/atomics/address.ts";
import type { Coroutine } from "../../src/atomics/step.ts";
import type { Env } from "../../src/umcg/env.ts";
import { boot } from "../../test/support/boot.ts";
import { anyMachine, nanoseconds } from "./arbitraries.ts";

/** Drepper's second mutex: 0 free, 1 taken, 2 taken and somebody may wait. */
function* lock(env: Env, word: Addr): Coroutine<void> {
  if ((yield* env.memory.cmpxchg32(word, 0, 1)) === 0) return;
  while ((yield* env.memory.xchg32(word, 2)) !== 0) yield* env.sys.futexWait(word, 2);
}

function* unlock(env: Env, word: Addr): Coroutine<void> {
  if ((yield* env.memory.xchg32(word, 0)) === 2) yield* env.sys.futexWake(word);
}

const tasks = fc.array(fc.record({ inside: nanoseconds, outside: nanoseconds, sleeps: fc.boolean() }), {
  minLength: 2,
  maxLength: 10,
});

describe("a mutex on a futex", () => {
  test.prop([anyMachine, tasks, fc.integer({ min: 1, max: 6 })])(
    "admits one task at a time, and everybody in the end",
    (config, list, rounds) => {
      const { machine } = boot({ ...config, trace: false });
      const word = machine.allocate(4);
      let [holders, most, entered] = [0, 0, 0];
      for (const { inside, outside, sleeps } of list) {
        machine.spawn(function* (env) {
          for (let round = 0; round < rounds; round++) {
            yield* lock(env, word);
            most = Math.max(most, ++holders);
            entered++;
            if (sleeps) yield* env.sys.nanosleep(inside);
            else yield* env.work(inside);
            holders--;
            yield* unlock(env, word);
            yield* env.work(outside);
          }
        });
      }
      machine.run();
      expect([most, entered]).toEqual([1, rounds * list.length]);
    },
  );
});

describe("a counter on a futex", () => {
  test.prop([
    anyMachine,
    fc.array(nanoseconds, { minLength: 1, maxLength: 8 }),
    fc.integer({ min: 1, max: 10 }),
  ])("is seen by every waiter when it reaches its end", (config, pauses, rounds) => {
    const { machine } = boot({ ...config, trace: false });
    const word = machine.allocate(4);
    const end = rounds * pauses.length;
    const seen: number[] = [];
    for (let i = 0; i < 4; i++) {
      machine.spawn(function* (env) {
        for (
          let value = yield* env.memory.load32(word);
          value < end;
          value = yield* env.memory.load32(word)
        ) {
          yield* env.sys.futexWait(word, value);
        }
        seen.push(yield* env.memory.load32(word));
      });
    }
    for (const pause of pauses) {
      machine.spawn(function* (env) {
        for (let round = 0; round < rounds; round++) {
          yield* env.work(pause);
          for (let value = yield* env.memory.load32(word); ; value = env.memory.observed32) {
            if ((yield* env.memory.cmpxchg32(word, value, value + 1)) === 0) break;
          }
          yield* env.sys.futexWake(word, 100);
        }
      });
    }
    machine.run();
    expect(seen).toEqual(new Array(4).fill(end));
  });
});
