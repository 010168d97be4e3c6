/** eventfd(2) and timerfd: counters to read, and who waits for them. */
import { describe, expect, test } from "vitest";
import { type Addr, NULL, offsetBy } from "../../src/atomics/address.ts";
import { EAGAIN, EBADF, EFAULT, EINTR, EINVAL, EMFILE } from "../../src/atomics/errno.ts";
import type { Coroutine } from "../../src/atomics/step.ts";
import { EFD_SEMAPHORE, O_NONBLOCK, SIGUSR1, TIMER_ABSTIME } from "../../src/kernel-sim/constants.ts";
import { TRACE_SCHED_WAKING, TRACE_TIMER_EXPIRE } from "../../src/trace/events.ts";
import type { Env } from "../../src/umcg/env.ts";
import { boot, evaluate, priceOf, runMain, timed } from "../support/boot.ts";

const MAX = 2n ** 64n - 2n;

/** Writes a number of 64 bits to a descriptor, from a place of its own. */
function* put(env: Env, fd: number, value: bigint): Coroutine<number> {
  const at = env.allocate(8);
  yield* env.memory.store64(at, value);
  return yield* env.sys.write(fd, at, 8);
}

/** Reads one: the number, or a negated errno. */
function* take(env: Env, fd: number, at: Addr = env.allocate(8)): Coroutine<bigint | number> {
  const result = yield* env.sys.read(fd, at, 8);
  return result === 8 ? yield* env.memory.load64(at) : result;
}

/** Starts `program`, which handles SIGUSR1, and signals it after 100 us. Its result is a negated exit code. */
function* interrupted(env: Env, program: (own: Env) => Coroutine<number>): Coroutine<number> {
  const tid = yield* env.spawn(function* (own) {
    yield* own.sys.sigaction(SIGUSR1, function* () {});
    return -(yield* program(own));
  });
  yield* env.sys.nanosleep(100_000);
  yield* env.sys.kill(tid, SIGUSR1);
  return -(yield* env.sys.join(tid));
}

describe("an eventfd", () => {
  test("adds what is written and gives it all at once, for the price of a call each", () => {
    const { machine, value } = runMain(function* (env) {
      const fd = yield* env.sys.eventfd(5);
      const written = yield* timed(env, put(env, fd, 7n));
      const read = yield* timed(env, take(env, fd));
      return { fd, written, read };
    });
    const ns = priceOf(machine, "syscallEntry", "syscallExit");
    expect(value).toEqual({ fd: 3, written: { ns, value: 8 }, read: { ns, value: 12n } });
  });

  test("in semaphore mode gives one at a time", () => {
    const values = evaluate(function* (env) {
      const fd = yield* env.sys.eventfd(2, EFD_SEMAPHORE | O_NONBLOCK);
      return [yield* take(env, fd), yield* take(env, fd), yield* take(env, fd)];
    });
    expect(values).toEqual([1n, 1n, -EAGAIN]);
  });

  test("holds up to 2^64 - 2: what would be more waits, or is -EAGAIN; all ones are -EINVAL", () => {
    const results = evaluate(function* (env) {
      const fd = yield* env.sys.eventfd(0, O_NONBLOCK);
      return [
        yield* put(env, fd, MAX - 1n),
        yield* put(env, fd, 1n),
        yield* put(env, fd, 1n),
        yield* put(env, fd, 0n),
        yield* put(env, fd, MAX + 1n),
        yield* take(env, fd),
      ];
    });
    expect(results).toEqual([8, 8, -EAGAIN, 8, -EINVAL, MAX]);
  });

  test("a reader sleeps until somebody writes, and is woken without flags", () => {
    const { log, value } = runMain(function* (env) {
      const fd = yield* env.sys.eventfd();
      const seen: unknown[] = [];
      const reader = yield* env.spawn(function* (own) {
        seen.push(yield* take(own, fd));
      });
      yield* env.sys.nanosleep(100_000);
      seen.push("writes");
      yield* put(env, fd, 3n);
      yield* env.sys.join(reader);
      return { seen, reader };
    });
    expect(value!.seen).toEqual(["writes", 3n]);
    const [, woken] = log.all({ kind: TRACE_SCHED_WAKING, tid: value!.reader });
    expect(woken ?? log.single({ kind: TRACE_SCHED_WAKING, tid: value!.reader })).toMatchObject({ arg0: 0 });
  });

  test("a writer that would overflow it sleeps until somebody reads", () => {
    const order = evaluate(function* (env) {
      const fd = yield* env.sys.eventfd();
      const order: unknown[] = [];
      yield* put(env, fd, MAX);
      const writer = yield* env.spawn(function* (own) {
        order.push(yield* put(own, fd, 4n));
      });
      yield* env.sys.nanosleep(100_000);
      order.push(yield* take(env, fd));
      yield* env.sys.join(writer);
      return [...order, yield* take(env, fd)];
    });
    expect(order).toEqual([MAX, 8, 4n]);
  });

  test("a write wakes every reader: one gets it all, the others sleep on", () => {
    const got = evaluate(function* (env) {
      const fd = yield* env.sys.eventfd();
      const got: unknown[] = [];
      for (let reader = 0; reader < 3; reader++) {
        yield* env.spawn(function* (own) {
          got.push([reader, yield* take(own, fd)]);
        });
      }
      yield* env.sys.nanosleep(1_000_000);
      for (const value of [10n, 20n, 30n]) {
        yield* put(env, fd, value);
        yield* env.sys.nanosleep(1_000_000);
      }
      return got;
    });
    expect(got.map((entry) => (entry as unknown[])[1])).toEqual([10n, 20n, 30n]);
    expect(new Set(got.map((entry) => (entry as unknown[])[0])).size).toBe(3);
  });

  test("refuses what is no size, no value, no flag, no address", () => {
    const results = evaluate(function* (env) {
      const fd = yield* env.sys.eventfd(1);
      const at = env.allocate(16);
      return [
        yield* env.sys.read(fd, at, 7),
        yield* env.sys.write(fd, at, 7),
        yield* env.sys.write(fd, at, 9),
        yield* env.sys.read(fd, NULL, 8),
        yield* env.sys.write(fd, NULL, 8),
        yield* env.sys.eventfd(-1),
        yield* env.sys.eventfd(0.5),
        yield* env.sys.eventfd(0, 2),
        // Nothing was lost by the read that could not deliver it, and a longer buffer is filled with 8 bytes.
        yield* env.sys.read(fd, at, 16),
      ];
    });
    expect(results).toEqual([-EINVAL, -EINVAL, -EINVAL, -EFAULT, -EFAULT, -EINVAL, -EINVAL, -EINVAL, 8]);
  });

  test("a signal ends the wait, on both sides", () => {
    const results = evaluate(function* (env) {
      const fd = yield* env.sys.eventfd();
      const at = env.allocate(8);
      const reader = yield* interrupted(env, (own) => own.sys.read(fd, at, 8));
      yield* put(env, fd, MAX);
      yield* env.memory.store64(at, 1n);
      return [reader, yield* interrupted(env, (own) => own.sys.write(fd, at, 8))];
    });
    expect(results).toEqual([-EINTR, -EINTR]);
  });
});

describe("descriptors", () => {
  test("are the lowest that are free; a pipe needs two neighbours", () => {
    const fds = evaluate(function* (env) {
      const { sys } = env;
      const first = [yield* sys.eventfd(), yield* sys.pipe(), yield* sys.eventfd(), yield* sys.epollCreate()];
      yield* sys.close(3);
      yield* sys.close(6);
      return [
        ...first,
        yield* sys.pipe(),
        yield* sys.eventfd(),
        yield* sys.timerfdCreate(),
        yield* sys.eventfd(),
      ];
    });
    expect(fds).toEqual([3, 4, 6, 7, 8, 3, 6, 10]);
  });

  test("run out: -EMFILE", () => {
    const fds = evaluate(
      function* (env) {
        const { sys } = env;
        return [
          yield* sys.eventfd(),
          yield* sys.epollCreate(),
          yield* sys.timerfdCreate(),
          yield* sys.eventfd(),
          yield* sys.close(4),
          yield* sys.timerfdCreate(),
        ];
      },
      { maxPipes: 0, maxFiles: 2, maxTimers: 0 },
    );
    expect(fds).toEqual([3, 4, -EMFILE, -EMFILE, 0, -EMFILE]);
  });

  test("a timerfd that finds none free gives its timer back", () => {
    const fds = evaluate(
      function* (env) {
        const { sys } = env;
        const fds = [yield* sys.eventfd(), yield* sys.timerfdCreate(), yield* sys.close(3)];
        return [...fds, yield* sys.timerfdCreate(), yield* sys.close(3), yield* sys.timerfdCreate()];
      },
      { maxPipes: 0, maxFiles: 1, maxTimers: 1 },
    );
    expect(fds).toEqual([3, -EMFILE, 0, 3, 0, 3]);
  });

  test("of a file that somebody sleeps on are not given out again before he has left", () => {
    const results = evaluate(function* (env) {
      const fd = yield* env.sys.eventfd();
      const reader = interrupted(env, function* (own) {
        return yield* own.sys.read(fd, own.allocate(8), 8);
      });
      const closer = yield* env.spawn(function* (own) {
        yield* own.sys.nanosleep(50_000);
        yield* own.sys.close(fd);
        return yield* own.sys.eventfd();
      });
      const result = yield* reader;
      return [fd, result, yield* env.sys.join(closer), yield* env.sys.eventfd()];
    });
    expect(results).toEqual([3, -EINTR, 4, 3]);
  });

  test("of a pipe on which somebody sleeps neither", () => {
    const results = evaluate(function* (env) {
      const fd = yield* env.sys.pipe();
      const reader = yield* env.spawn((own) => own.sys.read(fd, own.allocate(8), 8));
      yield* env.sys.schedYield();
      yield* env.sys.close(fd);
      yield* env.sys.close(fd + 1);
      const other = yield* env.sys.pipe();
      const result = yield* env.sys.join(reader);
      return [other, result, yield* env.sys.pipe()];
    });
    expect(results).toEqual([4, 0, 6]);
  });

  test("that are not open, or not for this, are refused", () => {
    const results = evaluate(function* (env) {
      const { sys } = env;
      const at = env.allocate(8);
      const epoll = yield* sys.epollCreate();
      const timer = yield* sys.timerfdCreate();
      return [
        yield* sys.read(epoll, at, 8),
        yield* sys.write(epoll, at, 8),
        yield* sys.write(timer, at, 8),
        yield* sys.read(9, at, 8),
        yield* sys.close(9),
        yield* sys.pipe(1),
      ];
    });
    expect(results).toEqual([-EINVAL, -EINVAL, -EINVAL, -EBADF, -EBADF, -EINVAL]);
  });
});

describe("a pipe that does not block", () => {
  test("is -EAGAIN when empty or full, and writes what fits", () => {
    const results = evaluate(
      function* (env) {
        const at = env.allocate(64);
        const fd = yield* env.sys.pipe(O_NONBLOCK);
        return [
          yield* env.sys.read(fd, at, 4),
          yield* env.sys.write(fd + 1, at, 12),
          yield* env.sys.write(fd + 1, at, 1),
          yield* env.sys.read(fd, at, 64),
        ];
      },
      { pipeBytes: 8 },
    );
    expect(results).toEqual([-EAGAIN, 8, -EAGAIN, 8]);
  });
});

describe("a timerfd", () => {
  test("wakes its reader when it expires, and says how often it has", () => {
    const { machine, log, value } = runMain(function* (env) {
      const fd = yield* env.sys.timerfdCreate();
      yield* env.sys.timerfdSettime(fd, TIMER_ABSTIME, 100_000, 10_000);
      const first = [yield* take(env, fd), env.now()];
      // The reads above count periods from the first expiry on; nobody was interrupted for them.
      yield* env.work(200_000 - env.now());
      return [...first, yield* take(env, fd)];
    });
    const woken = 100_000 + priceOf(machine, "timerInterrupt", "idleLoopExit", "switch");
    const read = priceOf(machine, "timerArm", "timerReprogram", "syscallExit");
    expect(value).toEqual([1n, woken + read, 10n]);
    expect(log.count({ kind: TRACE_TIMER_EXPIRE })).toBe(2);
  });

  test("armed for a length of time fires once; disarmed never; armed anew it forgets", () => {
    const results = evaluate(function* (env) {
      const fd = yield* env.sys.timerfdCreate(O_NONBLOCK);
      const results: unknown[] = [yield* take(env, fd)];
      yield* env.sys.timerfdSettime(fd, 0, 10_000);
      yield* env.sys.nanosleep(100_000);
      results.push(yield* take(env, fd), yield* take(env, fd));
      yield* env.sys.timerfdSettime(fd, 0, 10_000);
      yield* env.sys.timerfdSettime(fd, 0, 0);
      yield* env.sys.nanosleep(100_000);
      results.push(yield* take(env, fd));
      yield* env.sys.timerfdSettime(fd, 0, 10_000);
      yield* env.sys.nanosleep(100_000);
      yield* env.sys.timerfdSettime(fd, 0, 1_000_000);
      results.push(yield* take(env, fd));
      return results;
    });
    expect(results).toEqual([-EAGAIN, 1n, -EAGAIN, -EAGAIN, -EAGAIN]);
  });

  test("closed, it fires no more", () => {
    const { log } = runMain(function* (env) {
      const fd = yield* env.sys.timerfdCreate();
      yield* env.sys.timerfdSettime(fd, 0, 10_000, 10_000);
      yield* env.sys.close(fd);
      yield* env.sys.nanosleep(100_000);
    });
    expect(log.count({ kind: TRACE_TIMER_EXPIRE, tid: 0 })).toBe(0);
  });

  test("refuses what is no timer, no time, no size; a signal ends the read", () => {
    const results = evaluate(function* (env) {
      const { sys } = env;
      const at = env.allocate(8);
      const fd = yield* sys.timerfdCreate();
      const event = yield* sys.eventfd();
      return [
        yield* sys.timerfdSettime(99, 0, 1),
        yield* sys.timerfdSettime(event, 0, 1),
        yield* sys.timerfdSettime(fd, 2, 1),
        yield* sys.timerfdSettime(fd, 0, -1),
        yield* sys.timerfdSettime(fd, 0, 1, Number.NaN),
        yield* sys.timerfdCreate(1),
        yield* sys.read(fd, at, 7),
        yield* sys.read(fd, NULL, 8),
        yield* interrupted(env, (own) => own.sys.read(fd, at, 8)),
      ];
    });
    const invalid = new Array(4).fill(-EINVAL);
    expect(results).toEqual([-EBADF, ...invalid, -EINVAL, -EINVAL, -EFAULT, -EINTR]);
  });
});

test("a task that waits for a counter for ever is told of in the report of a deadlock", () => {
  const { machine } = boot();
  machine.spawn(function* (env) {
    const fd = yield* env.sys.eventfd();
    yield* take(env, fd, offsetBy(env.allocate(8), 0));
  });
  expect(() => machine.run()).toThrow(/waits in eventfd read for 0x3/);
});
