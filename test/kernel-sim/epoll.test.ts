/** epoll: what is reported when, to whom, and how long a call waits. */
import { describe, expect, test } from "vitest";
import { type Addr, NULL, offsetBy } from "../../src/atomics/address.ts";
import { EBADF, EEXIST, EFAULT, EINTR, EINVAL, EMFILE, ENOENT, ENOSPC } from "../../src/atomics/errno.ts";
import type { Coroutine } from "../../src/atomics/step.ts";
import {
  EPOLL_CTL_ADD,
  EPOLL_CTL_DEL,
  EPOLL_CTL_MOD,
  EPOLLERR,
  EPOLLET,
  EPOLLHUP,
  EPOLLIN,
  EPOLLONESHOT,
  EPOLLOUT,
  SIGUSR1,
  WF_SYNC,
} from "../../src/kernel-sim/constants.ts";
import type { MachineConfig } from "../../src/machine.ts";
import { TRACE_SCHED_WAKING } from "../../src/trace/events.ts";
import type { Env } from "../../src/umcg/env.ts";
import { boot, evaluate, priceOf, runMain, timed } from "../support/boot.ts";

/** Calls epoll_wait and gives the [descriptor, events] it reported, or its result if that is none. */
function* events(env: Env, epoll: number, timeoutNs = 0, max = 8): Coroutine<unknown[] | number> {
  const into = env.allocate(12 * max);
  const count = yield* env.sys.epollWait(epoll, into, max, timeoutNs);
  if (count <= 0) return count;
  const found: unknown[] = [];
  for (let at = 0; at < count; at++) {
    const mask = yield* env.memory.load32(offsetBy(into, 12 * at));
    found.push([yield* env.memory.load32(offsetBy(into, 12 * at + 4)), mask]);
  }
  return found;
}

function* writeTo(env: Env, fd: number, value = 1n): Coroutine<number> {
  const at = env.allocate(8);
  yield* env.memory.store64(at, value);
  return yield* env.sys.write(fd, at, 8);
}
function* readFrom(env: Env, fd: number): Coroutine<number> {
  return yield* env.sys.read(fd, env.allocate(8), 8);
}

/** An epoll that watches an eventfd. */
function* watched(env: Env, mask: number, value = 0): Coroutine<{ epoll: number; fd: number }> {
  const epoll = yield* env.sys.epollCreate();
  const fd = yield* env.sys.eventfd(value);
  yield* env.sys.epollCtl(epoll, EPOLL_CTL_ADD, fd, mask);
  return { epoll, fd };
}

describe("a watch", () => {
  test("that is level-triggered is reported as long as the file is ready", () => {
    const seen = evaluate(function* (env) {
      const { epoll, fd } = yield* watched(env, EPOLLIN);
      const seen: unknown[] = [yield* events(env, epoll)];
      yield* writeTo(env, fd);
      seen.push(yield* events(env, epoll), yield* events(env, epoll));
      yield* readFrom(env, fd);
      return [...seen, yield* events(env, epoll)];
    });
    expect(seen).toEqual([0, [[4, EPOLLIN]], [[4, EPOLLIN]], 0]);
  });

  test("that is edge-triggered is reported once for each event", () => {
    const seen = evaluate(function* (env) {
      const { epoll, fd } = yield* watched(env, EPOLLIN | EPOLLET);
      yield* writeTo(env, fd);
      const seen: unknown[] = [yield* events(env, epoll), yield* events(env, epoll)];
      yield* writeTo(env, fd);
      return [...seen, yield* events(env, epoll), yield* events(env, epoll)];
    });
    expect(seen).toEqual([[[4, EPOLLIN]], 0, [[4, EPOLLIN]], 0]);
  });

  test("that is edge-triggered sees every write to a pipe, though it was not empty", () => {
    const seen = evaluate(function* (env) {
      const epoll = yield* env.sys.epollCreate();
      const fd = yield* env.sys.pipe();
      yield* env.sys.epollCtl(epoll, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLET);
      const seen: unknown[] = [];
      for (let round = 0; round < 2; round++) {
        yield* writeTo(env, fd + 1);
        seen.push(yield* events(env, epoll), yield* events(env, epoll));
      }
      return seen;
    });
    expect(seen).toEqual([[[4, EPOLLIN]], 0, [[4, EPOLLIN]], 0]);
  });

  test("that is one-shot is silent until it is modified", () => {
    const seen = evaluate(function* (env) {
      const { epoll, fd } = yield* watched(env, EPOLLIN | EPOLLONESHOT, 1);
      const seen: unknown[] = [yield* events(env, epoll)];
      yield* writeTo(env, fd);
      seen.push(yield* events(env, epoll));
      yield* env.sys.epollCtl(epoll, EPOLL_CTL_MOD, fd, EPOLLIN | EPOLLOUT);
      return [...seen, yield* events(env, epoll)];
    });
    expect(seen).toEqual([[[4, EPOLLIN]], 0, [[4, EPOLLIN | EPOLLOUT]]]);
  });

  test("reports both ends of a pipe: data, room, and that the other end is closed", () => {
    const seen = evaluate(
      function* (env) {
        const epoll = yield* env.sys.epollCreate();
        const fd = yield* env.sys.pipe();
        const other = yield* env.sys.pipe();
        for (const end of [fd, fd + 1, other, other + 1]) {
          yield* env.sys.epollCtl(epoll, EPOLL_CTL_ADD, end, end % 2 === 0 ? EPOLLIN : EPOLLOUT);
        }
        const seen: unknown[] = [yield* events(env, epoll)];
        yield* writeTo(env, fd + 1);
        yield* env.sys.close(other);
        seen.push(yield* events(env, epoll));
        yield* readFrom(env, fd);
        yield* env.sys.close(fd + 1);
        return [...seen, yield* events(env, epoll)];
      },
      { pipeBytes: 8 },
    );
    expect(seen).toEqual([
      [
        [5, EPOLLOUT],
        [7, EPOLLOUT],
      ],
      [
        [7, EPOLLOUT | EPOLLERR],
        [4, EPOLLIN],
      ],
      [
        [7, EPOLLOUT | EPOLLERR],
        [4, EPOLLHUP],
      ],
    ]);
  });

  test("calls a pipe writable that has room for PIPE_BUF bytes, and says so when it has got it", () => {
    const seen = evaluate(
      function* (env) {
        const epoll = yield* env.sys.epollCreate();
        const fd = yield* env.sys.pipe();
        const buffer = env.allocate(4096);
        yield* env.sys.epollCtl(epoll, EPOLL_CTL_ADD, fd + 1, EPOLLOUT | EPOLLET);
        const seen: unknown[] = [yield* events(env, epoll)];
        yield* env.sys.write(fd + 1, buffer, 4096);
        yield* env.sys.write(fd + 1, buffer, 1);
        for (const length of [1, 1]) {
          yield* env.sys.read(fd, buffer, length);
          seen.push(yield* events(env, epoll));
        }
        return seen;
      },
      { pipeBytes: 8192 },
    );
    // With 4096 bytes in it the pipe had become writable; one less is no news.
    expect(seen).toEqual([[[5, EPOLLOUT]], [[5, EPOLLOUT]], 0]);
  });

  test("of a timer reports it when it has expired", () => {
    const { machine, value } = runMain(function* (env) {
      const epoll = yield* env.sys.epollCreate();
      const fd = yield* env.sys.timerfdCreate();
      yield* env.sys.epollCtl(epoll, EPOLL_CTL_ADD, fd, EPOLLIN);
      yield* env.sys.timerfdSettime(fd, 1, 200_000);
      return [yield* events(env, epoll, Number.POSITIVE_INFINITY), env.now()];
    });
    const late = priceOf(machine, "timerInterrupt", "idleLoopExit", "switch", "syscallExit");
    expect(value).toEqual([[[4, EPOLLIN]], 200_000 + late]);
  });

  test("gives back its 64 bits of data", () => {
    const data = evaluate(function* (env) {
      const epoll = yield* env.sys.epollCreate();
      const fd = yield* env.sys.eventfd(1);
      yield* env.sys.epollCtl(epoll, EPOLL_CTL_ADD, fd, EPOLLIN, 0x0123_4567_89ab_cdefn);
      const into = env.allocate(12);
      yield* env.sys.epollWait(epoll, into, 1);
      return [yield* env.memory.load32(offsetBy(into, 8)), yield* env.memory.load32(offsetBy(into, 4))];
    });
    expect(data).toEqual([0x0123_4567, 0x89ab_cdef]);
  });

  test("is gone when it is deleted, or its file is closed", () => {
    const seen = evaluate(function* (env) {
      const first = yield* watched(env, EPOLLIN, 1);
      const second = yield* watched(env, EPOLLIN, 1);
      yield* env.sys.epollCtl(first.epoll, EPOLL_CTL_DEL, first.fd);
      yield* env.sys.close(second.fd);
      const again = yield* env.sys.eventfd(1);
      return [again === second.fd, yield* events(env, first.epoll), yield* events(env, second.epoll)];
    });
    expect(seen).toEqual([true, 0, 0]);
  });
});

describe("epoll_wait", () => {
  test("reports at most as many as there is room for; the others come first the next time", () => {
    const seen = evaluate(function* (env) {
      const epoll = yield* env.sys.epollCreate();
      for (let n = 0; n < 3; n++) {
        yield* env.sys.epollCtl(epoll, EPOLL_CTL_ADD, yield* env.sys.eventfd(1), EPOLLIN);
      }
      return [yield* events(env, epoll, 0, 2), yield* events(env, epoll, 0, 2)];
    });
    expect(seen).toEqual([
      [
        [4, EPOLLIN],
        [5, EPOLLIN],
      ],
      [
        [6, EPOLLIN],
        [4, EPOLLIN],
      ],
    ]);
  });

  test("that finds something costs a call; with no time it does not sleep; else it times out", () => {
    const { machine, value } = runMain(function* (env) {
      const { epoll, fd } = yield* watched(env, EPOLLIN, 1);
      const into = env.allocate(12);
      const ready = yield* timed(env, env.sys.epollWait(epoll, into, 1));
      yield* readFrom(env, fd);
      const polled = yield* timed(env, env.sys.epollWait(epoll, into, 1, 0));
      return [ready, polled, yield* timed(env, env.sys.epollWait(epoll, into, 1, 100_000))];
    });
    const ns = priceOf(machine, "syscallEntry", "syscallExit");
    const late = priceOf(machine, "timerInterrupt", "idleLoopExit", "switch", "syscallExit");
    expect(value).toEqual([
      { ns, value: 1 },
      { ns, value: 0 },
      { ns: priceOf(machine, "syscallEntry") + 100_000 + late, value: 0 },
    ]);
  });

  test("sleeps until a file is ready, and takes its timer back", () => {
    const { log, value } = runMain(function* (env) {
      const { epoll, fd } = yield* watched(env, EPOLLIN);
      const seen: unknown[] = [];
      const waiter = yield* env.spawn(function* (own) {
        seen.push(yield* events(own, epoll, 1_000_000));
      });
      yield* env.sys.nanosleep(100_000);
      yield* writeTo(env, fd);
      yield* env.sys.join(waiter);
      return { seen, at: env.now() };
    });
    expect(value!.seen).toEqual([[[4, EPOLLIN]]]);
    expect(value!.at).toBeLessThan(200_000);
    expect(log.count({ kind: TRACE_SCHED_WAKING, tid: 2 })).toBe(1);
  });

  test.each<[string, MachineConfig, number]>([
    ["sync", {}, WF_SYNC],
    ["any", { wake: { pipe: "any" } }, 0],
  ])("passes on the flags of a pipe's wake-up (%s)", (_, config, flags) => {
    const { log } = runMain(function* (env) {
      const epoll = yield* env.sys.epollCreate();
      const fd = yield* env.sys.pipe();
      yield* env.sys.epollCtl(epoll, EPOLL_CTL_ADD, fd, EPOLLIN);
      yield* env.spawn((own) => events(own, epoll, Number.POSITIVE_INFINITY));
      yield* env.sys.nanosleep(100_000);
      yield* writeTo(env, fd + 1);
    }, config);
    expect(log.single({ kind: TRACE_SCHED_WAKING, tid: 2 }).arg0).toBe(flags);
  });

  test("that of an eventfd has none", () => {
    const { log } = runMain(function* (env) {
      const { epoll, fd } = yield* watched(env, EPOLLIN);
      yield* env.spawn((own) => events(own, epoll, Number.POSITIVE_INFINITY));
      yield* env.sys.nanosleep(100_000);
      yield* writeTo(env, fd);
    });
    expect(log.single({ kind: TRACE_SCHED_WAKING, tid: 2 }).arg0).toBe(0);
  });

  test.each([
    ["one, which takes the event away", EPOLLIN | EPOLLET, [[[4, EPOLLIN]], 0]],
    ["one, and that one the next, as it leaves the event", EPOLLIN, [[[4, EPOLLIN]], [[4, EPOLLIN]]]],
  ])("of several waiters wakes %s", (_, mask, expected) => {
    const seen = evaluate(function* (env) {
      const { epoll, fd } = yield* watched(env, mask);
      const seen: unknown[] = [];
      for (let n = 0; n < 2; n++) {
        yield* env.spawn(function* (own) {
          seen.push(yield* events(own, epoll, 5_000_000));
        });
      }
      yield* env.sys.nanosleep(1_000_000);
      yield* writeTo(env, fd);
      yield* env.sys.nanosleep(10_000_000);
      return seen;
    });
    expect(seen).toEqual(expected);
  });

  test("goes on sleeping when somebody else has taken what it was woken for", () => {
    const seen = evaluate(function* (env) {
      const { epoll, fd } = yield* watched(env, EPOLLIN);
      let found: unknown;
      const waiter = yield* env.spawn(function* (own) {
        found = [yield* events(own, epoll, 1_000_000), own.now()];
      });
      yield* env.sys.nanosleep(100_000);
      yield* writeTo(env, fd);
      yield* readFrom(env, fd);
      yield* env.sys.join(waiter);
      return found as [number, number];
    });
    expect(seen[0]).toBe(0);
    expect(seen[1]).toBeGreaterThan(1_000_000);
  });

  test("is ended by a signal with -EINTR", () => {
    const result = evaluate(function* (env) {
      const { epoll } = yield* watched(env, EPOLLIN);
      const tid = yield* env.spawn(function* (own) {
        yield* own.sys.sigaction(SIGUSR1, function* () {});
        return -((yield* events(own, epoll, 1_000_000)) as number);
      });
      yield* env.sys.nanosleep(100_000);
      yield* env.sys.kill(tid, SIGUSR1);
      return -(yield* env.sys.join(tid));
    });
    expect(result).toBe(-EINTR);
  });
});

describe("what is refused", () => {
  test("by epoll_ctl", () => {
    const results = evaluate(
      function* (env) {
        const { sys } = env;
        const { epoll, fd } = yield* watched(env, EPOLLIN);
        const other = yield* sys.epollCreate();
        const second = yield* sys.eventfd();
        const third = yield* sys.eventfd();
        return [
          yield* sys.epollCtl(99, EPOLL_CTL_ADD, fd, EPOLLIN),
          yield* sys.epollCtl(epoll, EPOLL_CTL_ADD, 99, EPOLLIN),
          yield* sys.epollCtl(fd, EPOLL_CTL_ADD, second, EPOLLIN),
          yield* sys.epollCtl(epoll, EPOLL_CTL_ADD, epoll, EPOLLIN),
          yield* sys.epollCtl(epoll, EPOLL_CTL_ADD, other, EPOLLIN),
          yield* sys.epollCtl(epoll, 4, fd, EPOLLIN),
          yield* sys.epollCtl(epoll, EPOLL_CTL_ADD, fd, EPOLLIN),
          yield* sys.epollCtl(epoll, EPOLL_CTL_MOD, second, EPOLLIN),
          yield* sys.epollCtl(epoll, EPOLL_CTL_DEL, second),
          yield* sys.epollCtl(epoll, EPOLL_CTL_ADD, second, EPOLLIN),
          yield* sys.epollCtl(other, EPOLL_CTL_ADD, third, EPOLLIN),
        ];
      },
      { maxWatches: 2 },
    );
    const invalid = new Array(4).fill(-EINVAL);
    expect(results).toEqual([-EBADF, -EBADF, ...invalid, -EEXIST, -ENOENT, -ENOENT, 0, -ENOSPC]);
  });

  test("by epoll_wait; a buffer that cannot be written loses no event", () => {
    const results = evaluate(function* (env) {
      const { sys } = env;
      const { epoll, fd } = yield* watched(env, EPOLLIN | EPOLLET, 1);
      const into: Addr = env.allocate(12);
      return [
        yield* sys.epollWait(99, into, 1),
        yield* sys.epollWait(fd, into, 1),
        yield* sys.epollWait(epoll, into, 0),
        yield* sys.epollWait(epoll, into, 1.5),
        yield* sys.epollWait(epoll, into, 1, -1),
        yield* sys.epollWait(epoll, into, 1, Number.NaN),
        yield* sys.epollWait(epoll, NULL, 1),
        yield* sys.epollWait(epoll, into, 1),
      ];
    });
    const invalid = new Array(5).fill(-EINVAL);
    expect(results).toEqual([-EBADF, ...invalid, -EFAULT, 1]);
  });

  test("when there is no descriptor", () => {
    expect(evaluate((env) => env.sys.epollCreate(), { maxPipes: 0, maxFiles: 0 })).toBe(-EMFILE);
  });
});

test("a task that waits on an epoll for ever is told of in the report of a deadlock", () => {
  const { machine } = boot();
  machine.spawn(function* (env) {
    const { epoll } = yield* watched(env, EPOLLIN);
    yield* events(env, epoll, Number.POSITIVE_INFINITY);
  });
  expect(() => machine.run()).toThrow(/waits in epoll_wait for 0x3/);
});
