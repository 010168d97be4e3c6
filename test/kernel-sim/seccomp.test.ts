/** seccomp with a listener: who is trapped, who answers, what it costs, and where the tasks run. */
import { describe, expect, test } from "vitest";
import { addr, NULL, offsetBy } from "../../src/atomics/address.ts";
import {
  EBADF,
  EBUSY,
  EFAULT,
  EINPROGRESS,
  EINTR,
  EINVAL,
  EMFILE,
  ENOENT,
  ENOSYS,
} from "../../src/atomics/errno.ts";
import type { Coroutine } from "../../src/atomics/step.ts";
import {
  SECCOMP_USER_NOTIF_FLAG_CONTINUE as CONTINUE,
  EPOLL_CTL_ADD,
  EPOLLIN,
  EPOLLOUT,
  NR_GETTID,
  NR_TGKILL,
  SIGKILL,
  SIGUSR1,
  SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP as SYNC,
  WF_CURRENT_CPU,
} from "../../src/kernel-sim/constants.ts";
import type { MachineConfig } from "../../src/machine.ts";
import { TRACE_SCHED_WAKING } from "../../src/trace/events.ts";
import type { Env } from "../../src/umcg/env.ts";
import { boot, evaluate, priceOf } from "../support/boot.ts";

interface Pair {
  readonly fd: number;
  readonly target: number;
}

/** Starts a task that traps its gettid() and then does `body`; gives the listener. */
function* trapped(env: Env, flags: number, body: (own: Env) => Coroutine<unknown>): Coroutine<Pair> {
  let fd = 0;
  const target = yield* env.spawn(function* (own) {
    fd = yield* own.sys.seccompNotify(NR_GETTID);
    yield* own.sys.notifySetFlags(fd, flags);
    return yield* body(own);
  });
  // It has run up to its first call that waits.
  yield* env.sys.nanosleep(1_000_000);
  return { fd, target };
}

/** Answers calls with 1000, 1001 and so on. */
function* answer(env: Env, fd: number, calls: number): Coroutine<void> {
  for (let call = 0; call < calls; call++) {
    const id = yield* env.sys.notifyReceive(fd);
    yield* env.sys.notifySend(fd, id, 1000 + call);
  }
}

function* callGettid(own: Env, calls: number): Coroutine<number[]> {
  const results: number[] = [];
  for (let call = 0; call < calls; call++) results.push(yield* own.sys.gettid());
  return results;
}

describe("a trapped call", () => {
  test("returns what the listener answers; other calls and other tasks are not trapped", () => {
    const value = evaluate(function* (env) {
      let seen: unknown;
      const { fd, target } = yield* trapped(env, 0, function* (own) {
        seen = [yield* callGettid(own, 3), yield* own.sys.schedYield()];
      });
      yield* answer(env, fd, 3);
      yield* env.sys.join(target);
      return [seen, yield* env.sys.gettid()];
    });
    expect(value).toEqual([[[1000, 1001, 1002], 0], 1]);
  });

  test("is described to the listener", () => {
    const value = evaluate(function* (env) {
      const { fd, target } = yield* trapped(env, 0, (own) => own.sys.gettid());
      const into = env.allocate(32);
      const id = yield* env.sys.notifyReceive(fd, into);
      const words: number[] = [];
      for (const at of [0, 4, 8, 12, 16, 24, 28]) words.push(yield* env.memory.load32(offsetBy(into, at)));
      yield* env.sys.notifySend(fd, id, 0);
      return { id, target, words, result: yield* env.sys.join(target) };
    });
    const { id, target, words } = value;
    expect(words).toEqual([id, 0, target, 0, NR_GETTID, 0, 0]);
    expect(value.result).toBe(0);
  });

  test("can be let through to the kernel", () => {
    const value = evaluate(function* (env) {
      const { fd, target } = yield* trapped(env, 0, (own) => own.sys.gettid());
      const id = yield* env.sys.notifyReceive(fd);
      yield* env.sys.notifySend(fd, id, 0, CONTINUE);
      return [target, yield* env.sys.join(target)];
    });
    expect(value[0]).toBe(value[1]);
  });

  test("is trapped in tasks that the filtered one starts, too, in order", () => {
    const results = evaluate(function* (env) {
      const seen: number[] = [];
      const { fd } = yield* trapped(env, 0, function* (own) {
        for (let child = 0; child < 3; child++) {
          yield* own.spawn(function* (its) {
            seen.push(yield* its.sys.gettid());
          });
        }
      });
      yield* answer(env, fd, 3);
      yield* env.sys.nanosleep(1_000_000);
      return seen;
    });
    expect(results).toEqual([1000, 1001, 1002]);
  });

  test("that a signal interrupts is -EINTR, and gone for the listener", () => {
    const value = evaluate(function* (env) {
      const { fd, target } = yield* trapped(env, 0, function* (own) {
        yield* own.sys.sigaction(SIGUSR1, function* () {});
        const before = yield* own.sys.gettid();
        const received = yield* own.sys.gettid();
        return -before * 100 - received;
      });
      yield* env.sys.kill(target, SIGUSR1);
      yield* env.sys.nanosleep(1_000_000);
      const id = yield* env.sys.notifyReceive(fd);
      yield* env.sys.kill(target, SIGUSR1);
      yield* env.sys.nanosleep(1_000_000);
      return [yield* env.sys.notifySend(fd, id, 0), yield* env.sys.join(target)];
    });
    expect(value).toEqual([-ENOENT, EINTR * 101]);
  });

  test("of a task that is killed is gone", () => {
    const value = evaluate(function* (env) {
      const { fd, target } = yield* trapped(env, 0, (own) => own.sys.gettid());
      const id = yield* env.sys.notifyReceive(fd);
      yield* env.sys.kill(target, SIGKILL);
      yield* env.sys.join(target);
      return [yield* env.sys.notifySend(fd, id, 0), yield* env.sys.notifyReceive(fd)];
    });
    expect(value).toEqual([-ENOENT, -ENOENT]);
  });

  test("nobody listens to any more is -ENOSYS, waiting or to come", () => {
    const value = evaluate(function* (env) {
      const { fd, target } = yield* trapped(env, 0, (own) => callGettid(own, 2));
      let results: unknown;
      const other = yield* trapped(env, 0, function* (own) {
        results = yield* callGettid(own, 2);
      });
      yield* env.sys.close(other.fd);
      yield* env.sys.join(other.target);
      const reused = yield* env.sys.eventfd();
      yield* answer(env, fd, 2);
      yield* env.sys.join(target);
      return [results, reused === other.fd];
    });
    expect(value).toEqual([[-ENOSYS, -ENOSYS], true]);
  });
});

describe("a listener", () => {
  test("that waits is told when the last task it listens to is gone", () => {
    const result = evaluate(function* (env) {
      const { fd } = yield* trapped(env, 0, (own) => own.sys.nanosleep(5_000_000));
      return yield* env.sys.notifyReceive(fd);
    });
    expect(result).toBe(-ENOENT);
  });

  test("that is closed while somebody receives on it ends that with -EBADF; a signal ends it with -EINTR", () => {
    const results = evaluate(function* (env) {
      const { fd, target } = yield* trapped(env, 0, (own) => own.sys.nanosleep(1e9));
      const receive = (own: Env): Coroutine<number> => own.sys.notifyReceive(fd);
      const tids: number[] = [];
      for (let n = 0; n < 2; n++) {
        tids.push(
          yield* env.spawn(function* (own) {
            yield* own.sys.sigaction(SIGUSR1, function* () {});
            return -(yield* receive(own));
          }),
        );
      }
      yield* env.sys.nanosleep(1_000_000);
      yield* env.sys.kill(tids[0]!, SIGUSR1);
      yield* env.sys.nanosleep(1_000_000);
      yield* env.sys.close(fd);
      const results = [yield* env.sys.join(tids[0]!), yield* env.sys.join(tids[1]!)];
      yield* env.sys.kill(target, SIGKILL);
      return results;
    });
    expect(results).toEqual([EINTR, EBADF]);
  });

  test("can be watched: for calls to receive, then for calls to answer", () => {
    const seen = evaluate(function* (env) {
      const { fd, target } = yield* trapped(env, 0, (own) => own.sys.gettid());
      const epoll = yield* env.sys.epollCreate();
      yield* env.sys.epollCtl(epoll, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLOUT);
      const into = env.allocate(12);
      const seen: number[] = [];
      yield* env.sys.epollWait(epoll, into, 1);
      seen.push(yield* env.memory.load32(into));
      const id = yield* env.sys.notifyReceive(fd);
      yield* env.sys.epollWait(epoll, into, 1);
      seen.push(yield* env.memory.load32(into));
      yield* env.sys.notifySend(fd, id, 0);
      yield* env.sys.join(target);
      return seen;
    });
    expect(seen).toEqual([EPOLLIN, EPOLLOUT]);
  });

  test("refuses what it cannot do", () => {
    const results = evaluate(
      function* (env) {
        const { sys } = env;
        const { fd, target } = yield* trapped(env, 0, (own) => callGettid(own, 2));
        const other = yield* sys.eventfd();
        const results = [
          yield* sys.notifyReceive(99),
          yield* sys.notifyReceive(other),
          yield* sys.notifyReceive(fd, addr(8)),
          yield* sys.notifySend(99, 1, 0),
          yield* sys.notifySend(other, 1, 0),
          yield* sys.notifySend(fd, 12345, 0),
          yield* sys.notifySend(fd, 1, 0),
          yield* sys.notifySetFlags(99, SYNC),
          yield* sys.notifySetFlags(other, SYNC),
          yield* sys.notifySetFlags(fd, 2),
        ];
        const id = yield* sys.notifyReceive(fd, NULL);
        results.push(yield* sys.notifySend(fd, id, 5, CONTINUE), yield* sys.notifySend(fd, id, 0, 2));
        results.push(yield* sys.notifySend(fd, id, 0), yield* sys.notifySend(fd, id, 0));
        yield* answer(env, fd, 1);
        yield* sys.join(target);
        results.push(yield* sys.read(fd, env.allocate(8), 8), yield* sys.seccompNotify(0.5));
        results.push(yield* sys.seccompNotify(NR_TGKILL), yield* sys.seccompNotify(NR_GETTID));
        return results;
      },
      { maxPipes: 0, maxFiles: 2 },
    );
    const sends = [-EBADF, -EINVAL, -ENOENT, -EINPROGRESS];
    const after = [-EINVAL, -EINVAL, 0, -ENOENT, -EINVAL, -EINVAL, -EMFILE, -EMFILE];
    expect(results).toEqual([-EBADF, -EINVAL, -EFAULT, ...sends, -EBADF, -EINVAL, -EINVAL, ...after]);
    expect(
      evaluate(function* (env) {
        yield* env.sys.seccompNotify(NR_TGKILL);
        return yield* env.sys.seccompNotify(NR_GETTID);
      }),
    ).toBe(-EBUSY);
  });
});

describe("a round trip", () => {
  /** Time of a trip on a machine, without the first ones and the last, and the wake-ups of both tasks. */
  function trips(flags: number, config: MachineConfig, affinity?: readonly number[]) {
    const { machine, log } = boot({ tickHz: 0, ...config });
    const times: number[] = [];
    const options = affinity === undefined ? {} : { affinity };
    let fd = -1;
    machine.spawn(function* (env) {
      fd = yield* env.sys.seccompNotify(NR_GETTID);
      yield* env.sys.notifySetFlags(fd, flags);
      for (let trip = 0; trip < 12; trip++) {
        yield* env.sys.gettid();
        times.push(env.now());
      }
    }, options);
    machine.spawn(function* (env) {
      while (fd < 0) yield* env.sys.schedYield();
      yield* answer(env, fd, 12);
    }, options);
    machine.run();
    const wakes = log.all({ kind: TRACE_SCHED_WAKING }).filter(({ timeNs }) => timeNs > times[1]!);
    return { machine, perTrip: (times[10]! - times[1]!) / 9, wakes };
  }

  test.each(["native", "guest"] as const)("on one CPU is the sum of its steps (%s)", (profile) => {
    for (const flags of [0, SYNC]) {
      const { machine, perTrip } = trips(flags, { profile, vcpus: 1 });
      // The target calls and blocks; the listener returns, answers, and blocks in its next call; the target returns.
      const target = priceOf(machine, "syscallEntry", "wake", "block", "switch", "syscallExit");
      const send = priceOf(machine, "syscallEntry", "wake", "syscallExit");
      const receive = priceOf(machine, "syscallEntry", "block", "switch", "syscallExit");
      expect(perTrip).toBe(target + send + receive);
    }
  });

  test("native takes 2425 ns", () => {
    expect(trips(SYNC, { vcpus: 1 }).perTrip).toBe(2425);
  });

  test("in sync mode stays on one CPU of several, at that price; else it goes to and fro", () => {
    const sync = trips(SYNC, { vcpus: 4 });
    const plain = trips(0, { vcpus: 4 });
    expect(sync.perTrip).toBe(2425);
    expect(plain.perTrip).toBeGreaterThan(2 * sync.perTrip);
    expect(new Set(sync.wakes.map(({ arg0 }) => arg0))).toEqual(new Set([WF_CURRENT_CPU]));
    expect(new Set(plain.wakes.map(({ arg0 }) => arg0))).toEqual(new Set([0]));
    expect(new Set(sync.wakes.map(({ cpu }) => cpu)).size).toBe(1);
  });
});

test("trapped calls and listeners that wait for ever are told of in the report of a deadlock", () => {
  const { machine } = boot();
  machine.spawn(function* (env) {
    yield* env.sys.seccompNotify(NR_GETTID);
    yield* env.sys.gettid();
  });
  expect(() => machine.run()).toThrow(/waits in seccomp \(trapped call\) for 0xba/);
});
