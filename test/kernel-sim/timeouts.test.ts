/** Timeouts: absolute sleeps, what remains of a sleep, futex waits with a time and with bits, requeueing. */
import { describe, expect, test } from "vitest";
import { type Addr, addr, NULL, offsetBy } from "../../src/atomics/address.ts";
import { EAGAIN, EFAULT, EINTR, EINVAL, ETIMEDOUT } from "../../src/atomics/errno.ts";
import type { Coroutine } from "../../src/atomics/step.ts";
import { SIGUSR1, TIMER_ABSTIME } from "../../src/kernel-sim/constants.ts";
import type { Tid } from "../../src/kernel-sim/ids.ts";
import { bucketOf } from "../../src/kernel-sim/syscalls/futex.ts";
import { TRACE_SYS_ENTER, TRACE_TIMER_EXPIRE } from "../../src/trace/events.ts";
import type { Env, Program } from "../../src/umcg/env.ts";
import { evaluate, priceOf, runMain, timed } from "../support/boot.ts";

/** Starts `program` and signals it after `ns`, a signal it handles. Returns its negated exit code. */
function* interrupted(env: Env, ns: number, program: (own: Env) => Coroutine<number>): Coroutine<number> {
  const tid = yield* env.spawn(function* (own) {
    yield* own.sys.sigaction(SIGUSR1, function* () {});
    return -(yield* program(own));
  });
  yield* env.sys.nanosleep(ns);
  yield* env.sys.kill(tid, SIGUSR1);
  return -(yield* env.sys.join(tid));
}

describe("clock_nanosleep", () => {
  test("with TIMER_ABSTIME sleeps until a point of time, whatever the call costs", () => {
    const { machine, value } = runMain(function* (env) {
      const result = yield* env.sys.clockNanosleep(TIMER_ABSTIME, 300_000);
      return { result, at: env.now() };
    });
    const late = priceOf(machine, "timerInterrupt", "idleLoopExit", "switch", "syscallExit");
    expect(value).toEqual({ result: 0, at: 300_000 + late });
  });

  test("has slack, and is a call of its own in a trace", () => {
    const { machine, log, value } = runMain(
      function* (env) {
        yield* env.sys.clockNanosleep(TIMER_ABSTIME, 300_000);
        return env.now();
      },
      { timerSlackNs: 50_000 },
    );
    const late = priceOf(machine, "timerInterrupt", "idleLoopExit", "switch", "syscallExit");
    expect(value).toBe(350_000 + late);
    expect(log.count({ kind: TRACE_SYS_ENTER, arg0: 230 })).toBe(1);
  });

  test("until a time that has passed ends at once, by an interrupt", () => {
    const { machine, log, value } = runMain(function* (env) {
      yield* env.work(10_000);
      return yield* timed(env, env.sys.clockNanosleep(TIMER_ABSTIME, 5_000));
    });
    const before = priceOf(machine, "syscallEntry", "timerArm", "timerReprogram");
    const after = priceOf(machine, "timerInterrupt", "syscallExit");
    expect(value).toEqual({ ns: before + after, value: 0 });
    expect(log.count({ kind: TRACE_TIMER_EXPIRE })).toBe(1);
  });

  test("without the flag is nanosleep; other flags and other times are -EINVAL", () => {
    const results = evaluate(function* (env) {
      const whole = yield* timed(env, env.sys.clockNanosleep(0, 50_000));
      const plain = yield* timed(env, env.sys.nanosleep(50_000));
      return [
        whole.ns - plain.ns,
        yield* env.sys.clockNanosleep(2, 10),
        yield* env.sys.clockNanosleep(TIMER_ABSTIME, -1),
        yield* env.sys.clockNanosleep(TIMER_ABSTIME, Number.POSITIVE_INFINITY),
        yield* env.sys.clockNanosleep(0, Number.NaN),
      ];
    });
    expect(results).toEqual([0, -EINVAL, -EINVAL, -EINVAL, -EINVAL]);
  });
});

describe("what remains of a sleep that a signal ends", () => {
  test("is written, slack included; not by an absolute sleep, nor by one that ran out", () => {
    const value = evaluate(
      function* (env, machine) {
        const relative = env.allocate(24);
        const [absolute, whole] = [offsetBy(relative, 8), offsetBy(relative, 16)];
        let until = 0;
        let woken = 0;
        const results = [
          yield* interrupted(env, 100_000, function* (own) {
            until = own.now() + priceOf(machine, "syscallEntry", "timerArm") + 1_050_000;
            const result = yield* own.sys.nanosleep(1_000_000, relative);
            woken = own.now() - priceOf(machine, "syscallExit", "timerReprogram");
            return result;
          }),
          yield* interrupted(env, 100_000, (own) =>
            own.sys.clockNanosleep(TIMER_ABSTIME, own.now() + 1_000_000, absolute),
          ),
          yield* env.sys.nanosleep(100, whole),
        ];
        const left: number[] = [];
        for (const word of [relative, absolute, whole]) left.push(Number(yield* env.memory.load64(word)));
        return { results, left, remaining: until - woken };
      },
      { timerSlackNs: 50_000 },
    );
    expect(value.results).toEqual([-EINTR, -EINTR, 0]);
    expect(value.left).toEqual([value.remaining, 0, 0]);
  });

  test("is -EFAULT where it cannot be written", () => {
    const results = evaluate(function* (env) {
      return [
        yield* interrupted(env, 10_000, (own) => own.sys.nanosleep(1_000_000, addr(8))),
        yield* interrupted(env, 10_000, (own) => own.sys.nanosleep(1_000_000, NULL)),
      ];
    });
    expect(results).toEqual([-EFAULT, -EINTR]);
  });
});

describe("a futex wait with a timeout", () => {
  test("is -ETIMEDOUT after that time, counted from the call's entry", () => {
    const { machine, value } = runMain(function* (env) {
      const word = env.allocate(4);
      const relative = yield* timed(env, env.sys.futexWait(word, 0, 100_000));
      const until = env.now() + 100_000;
      const result = yield* env.sys.futexWaitBitset(word, 0, -1, until);
      return { relative, result, late: env.now() - until };
    });
    const late = priceOf(machine, "timerInterrupt", "idleLoopExit", "switch", "syscallExit");
    const relative = { ns: priceOf(machine, "syscallEntry") + 100_000 + late, value: -ETIMEDOUT };
    expect(value).toEqual({ relative, result: -ETIMEDOUT, late });
  });

  test("of no time at all still arms the timer; a word that differs does not", () => {
    const { machine, value } = runMain(function* (env) {
      const word = env.allocate(4);
      return [
        yield* timed(env, env.sys.futexWait(word, 0, 0)),
        yield* timed(env, env.sys.futexWait(word, 1, 0)),
      ];
    });
    const call = priceOf(machine, "syscallEntry", "syscallExit");
    const timer = priceOf(machine, "timerArm", "timerReprogram", "timerInterrupt");
    expect(value).toEqual([
      { ns: call + timer, value: -ETIMEDOUT },
      { ns: call, value: -EAGAIN },
    ]);
  });

  test("that is woken takes its timer back, for the price of the device", () => {
    const { machine, log, value } = runMain(function* (env) {
      const word = env.allocate(4);
      let woken = 0;
      const waiter = yield* env.spawn(function* (own) {
        const result = yield* own.sys.futexWait(word, 0, 1_000_000);
        woken = own.now();
        return -result;
      });
      yield* env.sys.schedYield();
      const began = env.now();
      yield* env.sys.futexWake(word);
      const result = yield* env.sys.join(waiter);
      return { result, took: woken - began };
    });
    const wake = priceOf(machine, "syscallEntry", "wake", "syscallExit");
    const join = priceOf(machine, "syscallEntry", "block", "switch");
    expect(value).toEqual({
      result: 0,
      took: wake + join + priceOf(machine, "timerReprogram", "syscallExit"),
    });
    expect(log.count({ kind: TRACE_TIMER_EXPIRE })).toBe(0);
  });

  test("that a signal interrupts is -EINTR, and times that are none are -EINVAL", () => {
    const results = evaluate(function* (env) {
      const word = env.allocate(4);
      const results = [yield* interrupted(env, 10_000, (own) => own.sys.futexWait(word, 0, 1_000_000))];
      for (const bad of [-1, Number.NaN, Number.NEGATIVE_INFINITY]) {
        results.push(yield* env.sys.futexWait(word, 0, bad));
        results.push(yield* env.sys.futexWaitBitset(word, 0, 1, bad));
      }
      return [...results, yield* env.sys.futexWake(word)];
    });
    expect(results).toEqual([-EINTR, ...new Array(6).fill(-EINVAL), 0]);
  });

  test("is left by a waiter that timed out: nobody is there to be woken", () => {
    const count = evaluate(function* (env) {
      const word = env.allocate(4);
      const waiter = yield* env.spawn((own) => own.sys.futexWait(word, 0, 10_000));
      yield* env.sys.nanosleep(1_000_000);
      const count = yield* env.sys.futexWake(word, 9);
      yield* env.sys.join(waiter);
      return count;
    });
    expect(count).toBe(0);
  });
});

describe("the bits of a futex", () => {
  test("choose among waiters, in their order", () => {
    const order: string[] = [];
    const counts = evaluate(function* (env) {
      const word = env.allocate(4);
      const waiter = (name: string, bits: number): Program =>
        function* (own) {
          yield* own.sys.futexWaitBitset(word, 0, bits);
          order.push(name);
        };
      for (const [name, bits] of [
        ["one", 1],
        ["two", 2],
        ["both", 3],
        ["high", 1 << 31],
      ] as const)
        yield* env.spawn(waiter(name, bits));
      yield* env.sys.nanosleep(1_000_000);
      const counts: number[] = [];
      for (const [count, bits] of [
        [9, 4],
        [1, 2],
        [9, 2],
        [9, 2 ** 31],
        [9, -1],
      ] as const) {
        counts.push(yield* env.sys.futexWakeBitset(word, count, bits));
        yield* env.sys.nanosleep(1_000_000);
      }
      return counts;
    });
    expect(counts).toEqual([0, 1, 1, 1, 1]);
    expect(order).toEqual(["two", "both", "high", "one"]);
  });

  test("must not be none", () => {
    const results = evaluate(function* (env) {
      const word = env.allocate(4);
      return [yield* env.sys.futexWaitBitset(word, 0, 0), yield* env.sys.futexWakeBitset(word, 1, 0)];
    });
    expect(results).toEqual([-EINVAL, -EINVAL]);
  });
});

describe("futex requeue", () => {
  /** Waiters of `word`, asleep. Their exit code is the negated result. */
  function* startWaiters(env: Env, word: Addr, order: number[], count: number): Coroutine<Tid[]> {
    const tids: Tid[] = [];
    for (let i = 0; i < count; i++) {
      tids.push(
        yield* env.spawn(function* (own) {
          const result = yield* own.sys.futexWait(word, 0);
          order.push(i);
          return -result;
        }),
      );
    }
    yield* env.sys.nanosleep(1_000_000);
    return tids;
  }

  test("wakes the first waiters, moves the next, leaves the rest; the moved are woken by the other word", () => {
    const order: number[] = [];
    const counts = evaluate(function* (env) {
      const from = env.allocate(128);
      const to = offsetBy(from, 64);
      const tids = yield* startWaiters(env, from, order, 6);
      const counts = [yield* env.sys.futexRequeue({ from, to, wake: 1, move: 3, expected: 0 })];
      yield* env.sys.nanosleep(1_000_000);
      counts.push(yield* env.sys.futexWake(to, 2));
      yield* env.sys.nanosleep(1_000_000);
      counts.push(yield* env.sys.futexWake(from, 9));
      yield* env.sys.nanosleep(1_000_000);
      counts.push(yield* env.sys.futexWake(to, 9));
      for (const tid of tids) counts.push(yield* env.sys.join(tid));
      return counts;
    });
    expect(counts).toEqual([4, 2, 2, 1, 0, 0, 0, 0, 0, 0]);
    expect(order).toEqual([0, 1, 2, 4, 5, 3]);
  });

  test("to the same word, or one of the same bucket, moves each waiter once", () => {
    const order: number[] = [];
    const counts = evaluate(function* (env) {
      const word = env.allocate(4);
      yield* startWaiters(env, word, order, 3);
      const counts = [
        yield* env.sys.futexRequeue({ from: word, to: word, wake: 0, move: 9, expected: undefined }),
      ];
      counts.push(yield* env.sys.futexWake(word, 9));
      return counts;
    });
    expect(counts).toEqual([3, 3]);
    expect(order).toEqual([0, 1, 2]);
  });

  test("a waiter that is moved is on one of the two queues all the time: on none it would take itself for woken", () => {
    const on: number[] = [];
    const buckets = evaluate(function* (env, { kernel }) {
      const { tasks } = kernel;
      const set = tasks.setWaitQueue.bind(tasks);
      const from = env.allocate(128);
      const to = offsetBy(from, 64);
      const [tid] = yield* startWaiters(env, from, [], 1);
      tasks.setWaitQueue = (at, queue) => {
        if (at === tid) on.push(queue - 1);
        set(at, queue);
      };
      yield* env.sys.futexRequeue({ from, to, wake: 0, move: 1, expected: 0 });
      yield* env.sys.futexWake(to, 1);
      yield* env.sys.join(tid!);
      return [bucketOf(from), bucketOf(to)];
    });
    expect(on).toEqual([buckets[1], -1]);
    expect(buckets[0]).not.toBe(buckets[1]);
  });

  test("a moved waiter can still time out, and is then gone from both words", () => {
    const results = evaluate(function* (env) {
      const from = env.allocate(128);
      const to = offsetBy(from, 64);
      const waiter = yield* env.spawn(function* (own) {
        return -(yield* own.sys.futexWait(from, 0, 500_000));
      });
      yield* env.sys.nanosleep(100_000);
      const moved = yield* env.sys.futexRequeue({ from, to, wake: 0, move: 1, expected: 0 });
      const result = -(yield* env.sys.join(waiter));
      return [moved, result, yield* env.sys.futexWake(from, 9), yield* env.sys.futexWake(to, 9)];
    });
    expect(results).toEqual([1, -ETIMEDOUT, 0, 0]);
  });

  test("refuses a word that differs, words that are none, and counts that are none", () => {
    const results = evaluate(function* (env) {
      const from = env.allocate(8);
      const to = offsetBy(from, 4);
      const base = { from, to, wake: 1, move: 1, expected: undefined };
      return [
        yield* env.sys.futexRequeue({ ...base, expected: 1 }),
        yield* env.sys.futexRequeue({ ...base, from: NULL, expected: 0 }),
        yield* env.sys.futexRequeue({ ...base, from: offsetBy(from, 1) }),
        yield* env.sys.futexRequeue({ ...base, to: offsetBy(to, 2) }),
        yield* env.sys.futexRequeue({ ...base, wake: -1 }),
        yield* env.sys.futexRequeue({ ...base, move: 0.5 }),
        yield* env.sys.futexRequeue(base),
      ];
    });
    expect(results).toEqual([-EAGAIN, -EFAULT, -EINVAL, -EINVAL, -EINVAL, -EINVAL, 0]);
  });
});
