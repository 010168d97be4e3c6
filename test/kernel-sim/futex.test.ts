/** futex(2): waiting on a word and waking its waiters. */
import { describe, expect, test } from "vitest";
import { ADDR_INVALID, type Addr, addr, NULL, offsetBy } from "../../src/atomics/address.ts";
import { EAGAIN, EFAULT, EINTR, EINVAL } from "../../src/atomics/errno.ts";
import type { Coroutine } from "../../src/atomics/step.ts";
import { SIGTERM, SIGUSR1 } from "../../src/kernel-sim/constants.ts";
import type { Tid } from "../../src/kernel-sim/ids.ts";
import { TRACE_PAGE_FAULT, TRACE_SCHED_SWITCH } from "../../src/trace/events.ts";
import type { Env, Program } from "../../src/umcg/env.ts";
import { evaluate, priceOf, runMain, timed } from "../support/boot.ts";
import { kernelAddress, userEnd } from "../support/inspect.ts";

/** Waits on `word` and puts its name into `woken` afterwards; its exit code is the negated result. */
function waiter(word: Addr, woken: string[], name: string): Program {
  return function* (env) {
    const result = yield* env.sys.futexWait(word, 0);
    woken.push(name);
    return -result;
  };
}

describe("futex wait", () => {
  test("of a word that differs is -EAGAIN, without a switch", () => {
    const { machine, log, value } = runMain(function* (env) {
      const word = env.allocate(4);
      yield* env.memory.store32(word, 7);
      return yield* timed(env, env.sys.futexWait(word, 6));
    });
    expect(value).toEqual({ ns: priceOf(machine, "syscallEntry", "syscallExit"), value: -EAGAIN });
    expect(log.count({ kind: TRACE_SCHED_SWITCH })).toBe(2);
  });

  test.each([-1, 0xffffffff, 2 ** 32 + 0xffffffff])(
    "compares 32 bits: %d is the word of ones",
    (expected) => {
      const woken = evaluate(function* (env) {
        const word = env.allocate(4);
        yield* env.memory.store32(word, 0xffffffff);
        const other = yield* env.spawn(function* (own) {
          return -(yield* own.sys.futexWait(word, expected));
        });
        yield* env.sys.nanosleep(1000);
        const count = yield* env.sys.futexWake(word);
        return [count, yield* env.sys.join(other)];
      });
      expect(woken).toEqual([1, 0]);
    },
  );

  test.each([1, 2, 3])("%d bytes off a word is -EINVAL, before any look at the page", (off) => {
    const results = evaluate(function* (env) {
      const word = offsetBy(env.allocate(8), off);
      const beyond = addr(off);
      return [
        yield* env.sys.futexWait(word, 0),
        yield* env.sys.futexWake(word),
        yield* env.sys.futexWait(beyond, 0),
        yield* env.sys.futexWake(beyond),
      ];
    });
    expect(results).toEqual([-EINVAL, -EINVAL, -EINVAL, -EINVAL]);
  });

  test("of what is not readable is -EFAULT", () => {
    const results = evaluate(function* (env, machine) {
      const page = env.allocate(4096, 4096);
      machine.protect(page, 4096, "unmapped");
      const found: number[] = [];
      for (const a of [NULL, page, kernelAddress(machine), userEnd(machine), addr(2 ** 40)])
        found.push(yield* env.sys.futexWait(a, 0));
      return found;
    });
    expect(results).toEqual([-EFAULT, -EFAULT, -EFAULT, -EFAULT, -EFAULT]);
  });

  test("of what is no address at all is refused", () => {
    // ADDR_INVALID is odd.
    expect(evaluate((env) => env.sys.futexWait(ADDR_INVALID, 0))).toBe(-EINVAL);
  });

  test.each(["absent", "absent-readonly", "readonly"] as const)(
    "of a word in a page that is %s sleeps",
    (protection) => {
      const { log, value } = runMain(function* (env, machine) {
        const word = env.allocate(4096, 4096);
        machine.protect(word, 4096, protection);
        const other = yield* env.spawn(waiter(word, [], ""));
        yield* env.sys.nanosleep(10_000);
        return [yield* env.sys.futexWake(word), yield* env.sys.join(other)];
      });
      expect(value).toEqual([1, 0]);
      expect(log.count({ kind: TRACE_PAGE_FAULT })).toBe(protection === "readonly" ? 0 : 1);
    },
  );
});

describe("futex wake", () => {
  function* startWaiters(env: Env, word: Addr, woken: string[], count: number): Coroutine<Tid[]> {
    const tids: Tid[] = [];
    for (let i = 0; i < count; i++) tids.push(yield* env.spawn(waiter(word, woken, `w${i}`)));
    yield* env.sys.nanosleep(1_000_000);
    return tids;
  }

  test("wakes as many as it is told, first come first served, and says how many", () => {
    const woken: string[] = [];
    const counts = evaluate(function* (env) {
      const word = env.allocate(4);
      const tids = yield* startWaiters(env, word, woken, 6);
      const counts: number[] = [];
      for (const count of [0, 1, 2, 10, 1]) {
        counts.push(yield* env.sys.futexWake(word, count));
        yield* env.sys.nanosleep(1_000_000);
      }
      for (const tid of tids) yield* env.sys.join(tid);
      return counts;
    });
    expect(counts).toEqual([0, 1, 2, 3, 0]);
    expect(woken).toEqual(["w0", "w1", "w2", "w3", "w4", "w5"]);
  });

  test("without waiters costs a system call", () => {
    const { machine, value } = runMain((env) => timed(env, env.sys.futexWake(env.allocate(4), 3)));
    expect(value).toEqual({ ns: priceOf(machine, "syscallEntry", "syscallExit"), value: 0 });
  });

  test("pays for each task it wakes", () => {
    const { machine, value } = runMain(function* (env) {
      const word = env.allocate(4);
      yield* startWaiters(env, word, [], 3);
      return yield* timed(env, env.sys.futexWake(word, 3));
    });
    expect(value).toEqual({
      ns: priceOf(machine, "syscallEntry", "wake", "wake", "wake", "syscallExit"),
      value: 3,
    });
  });

  test.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])("a count of %d is -EINVAL", (count) => {
    expect(evaluate((env) => env.sys.futexWake(env.allocate(4), count))).toBe(-EINVAL);
  });

  test("wakes nobody who waits on another word, in whatever bucket it lies", () => {
    // More words than there are buckets: every bucket has at least one, most have several.
    const words = 600;
    const { value } = runMain(
      function* (env) {
        const base = env.allocate(4 * words);
        const woken: string[] = [];
        const tids: Tid[] = [];
        for (let i = 0; i < words; i++)
          tids.push(yield* env.spawn(waiter(offsetBy(base, 4 * i), woken, `${i}`)));
        yield* env.sys.nanosleep(100_000_000);
        const counts: number[] = [];
        for (let i = words - 1; i >= 0; i--) {
          counts.push(yield* env.sys.futexWake(offsetBy(base, 4 * i), 5));
          yield* env.sys.schedYield();
        }
        return { woken, counts };
      },
      { maxTasks: 700 },
    );
    expect(value!.counts).toEqual(new Array(words).fill(1));
    expect(value!.woken).toEqual(Array.from({ length: words }, (_, i) => `${words - 1 - i}`));
  });

  test("does not look at the word: an unmapped one has no waiters", () => {
    const results = evaluate(function* (env) {
      return [yield* env.sys.futexWake(NULL), yield* env.sys.futexWake(addr(4096))];
    });
    expect(results).toEqual([0, 0]);
  });
});

describe("a waiter that a signal interrupts", () => {
  test("returns -EINTR and has left the queue", () => {
    const handled: number[] = [];
    const value = evaluate(function* (env) {
      const word = env.allocate(4);
      const woken: string[] = [];
      const first = yield* env.spawn(function* (own) {
        yield* own.sys.sigaction(SIGUSR1, function* (signal) {
          handled.push(signal);
        });
        return -(yield* own.sys.futexWait(word, 0));
      });
      const second = yield* env.spawn(waiter(word, woken, "second"));
      yield* env.sys.nanosleep(100_000);
      yield* env.sys.kill(first, SIGUSR1);
      const interrupted = yield* env.sys.join(first);
      return {
        interrupted,
        count: yield* env.sys.futexWake(word),
        second: yield* env.sys.join(second),
        woken,
      };
    });
    expect(value).toEqual({ interrupted: EINTR, count: 1, second: 0, woken: ["second"] });
    expect(handled).toEqual([SIGUSR1]);
  });

  test("and kills leaves the queue, too", () => {
    const value = evaluate(function* (env) {
      const word = env.allocate(4);
      const other = yield* env.spawn(waiter(word, [], ""));
      yield* env.sys.nanosleep(100_000);
      yield* env.sys.kill(other, SIGTERM);
      return [yield* env.sys.join(other), yield* env.sys.futexWake(word)];
    });
    expect(value).toEqual([128 + SIGTERM, 0]);
  });

  test("in the moment in which it is woken counts as woken", () => {
    // The waker takes the waiter off the queue, then spends 350 ns; the signal comes within them.
    const order: string[] = [];
    const { value } = runMain(
      function* (env) {
        const word = env.allocate(4);
        const other = yield* env.spawn(
          function* (own) {
            yield* own.sys.sigaction(SIGUSR1, function* () {
              order.push("handler");
            });
            const result = yield* own.sys.futexWait(word, 0);
            order.push("woken");
            return -result;
          },
          { affinity: [1] },
        );
        yield* env.spawn(
          function* (own) {
            yield* own.work(1_000_100 - own.now());
            yield* own.sys.kill(other, SIGUSR1);
          },
          { affinity: [2] },
        );
        yield* env.work(1_000_000 - env.now());
        return { count: yield* env.sys.futexWake(word), result: yield* env.sys.join(other) };
      },
      { vcpus: 3 },
    );
    expect(value).toEqual({ count: 1, result: 0 });
    expect(order).toEqual(["handler", "woken"]);
  });
});

describe("no wake-up is lost", () => {
  test("when the word changes at any moment of the waiter's way to sleep", () => {
    // The waker stores and wakes at every ns of the waiter's system call; the waiter must end in each case.
    const results = new Map<number, number>();
    for (let offset = -450; offset <= 450; offset++) {
      const { value } = runMain(
        function* (env) {
          const word = env.allocate(4);
          const other = yield* env.spawn(
            function* (own) {
              yield* own.work(100_000 - own.now());
              return -(yield* own.sys.futexWait(word, 0));
            },
            { affinity: [1] },
          );
          yield* env.work(100_000 + offset - env.now());
          yield* env.memory.store32(word, 1);
          yield* env.sys.futexWake(word);
          return yield* env.sys.join(other);
        },
        { vcpus: 2 },
      );
      results.set(value!, (results.get(value!) ?? 0) + 1);
    }
    expect([...results.keys()].sort()).toEqual([0, EAGAIN]);
    // Before the waiter's look at the word, and after it.
    expect(results.get(0)).toBeGreaterThan(300);
    expect(results.get(EAGAIN)).toBeGreaterThan(300);
  });
});
