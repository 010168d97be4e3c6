/** Times that are none, and the end of virtual time: one limit for every call, whatever it waits for. */
import { describe, expect, test } from "vitest";
import { EINVAL, ETIMEDOUT } from "../../src/atomics/errno.ts";
import type { Coroutine } from "../../src/atomics/step.ts";
import { EPOLL_CTL_ADD, EPOLLIN, TIMER_ABSTIME } from "../../src/kernel-sim/constants.ts";
import { armTimer, createTimer } from "../../src/kernel-sim/timers.ts";
import { CLOCK_END, TIME_MAX } from "../../src/kernel-sim/times.ts";
import type { Env } from "../../src/umcg/env.ts";
import { boot, errorOf, runMain } from "../support/boot.ts";

/** Ways to wait for `ns`, and what they give when the time has come. */
const WAITS: Readonly<Record<string, (env: Env, ns: number) => Coroutine<number>>> = {
  nanosleep: (env, ns) => env.sys.nanosleep(ns),
  clockNanosleep: (env, ns) => env.sys.clockNanosleep(TIMER_ABSTIME, ns),
  *futexWait(env, ns) {
    const result = yield* env.sys.futexWait(env.allocate(4), 0, ns);
    return result === -ETIMEDOUT ? 0 : result;
  },
  *futexWaitBitset(env, ns) {
    const result = yield* env.sys.futexWaitBitset(env.allocate(4), 0, 1, ns);
    return result === -ETIMEDOUT ? 0 : result;
  },
  *timerfd(env, ns) {
    const fd = yield* env.sys.timerfdCreate();
    const status = yield* env.sys.timerfdSettime(fd, 0, ns, ns);
    return status < 0 ? status : (yield* env.sys.read(fd, env.allocate(8), 8)) - 8;
  },
  *epollWait(env, ns) {
    const epoll = yield* env.sys.epollCreate();
    yield* env.sys.epollCtl(epoll, EPOLL_CTL_ADD, yield* env.sys.eventfd(), EPOLLIN);
    return yield* env.sys.epollWait(epoll, env.allocate(12), 1, ns);
  },
};

describe.each(Object.keys(WAITS))("%s", (name) => {
  test.each([TIME_MAX, TIME_MAX + 2, 2 ** 53, 1e300])("for %d ns ends at the latest time there is", (ns) => {
    const { value, result } = runMain((env) => WAITS[name]!(env, ns));
    expect(value).toBe(0);
    expect(result.virtualNs).toBeGreaterThan(TIME_MAX);
    expect(result.virtualNs).toBeLessThan(TIME_MAX + 100_000);
  });

  test.each([-1, Number.NaN, Number.NEGATIVE_INFINITY])("for %d ns is -EINVAL", (ns) => {
    expect(runMain((env) => WAITS[name]!(env, ns)).value).toBe(-EINVAL);
  });

  test("after computing for a fraction of a ns the books agree", () => {
    const { value } = runMain(function* (env) {
      yield* env.work(0.1);
      return yield* WAITS[name]!(env, 1_000.7);
    });
    expect(value).toBe(0);
  });
});

describe("virtual time", () => {
  test("ends with an error, and no time is lost by then", () => {
    const { machine } = boot({ tickHz: 0 });
    for (let task = 0; task < 4; task++) {
      machine.spawn(function* (env) {
        yield* env.work(TIME_MAX / 2);
      });
    }
    const error = { code: "ERR_TIME", message: `virtual time ends at ${CLOCK_END} ns` };
    expect(errorOf(() => machine.run())).toMatchObject(error);
    expect(machine.host.now).toBe(CLOCK_END);
    machine.host.time.check();
  });

  test.each([-1, Number.NaN, 1e300, "1" as unknown as number])(
    "run({ untilNs: %s }) is refused",
    (untilNs) => {
      const { machine } = boot();
      const message = `run({ untilNs }) takes a time from 0 to ${TIME_MAX} ns, got ${untilNs}`;
      expect(errorOf(() => machine.run({ untilNs }))).toMatchObject({ code: "ERR_TIME", message });
    },
  );

  test("a run until a fraction of a ns stops at a whole one", () => {
    const { machine } = boot();
    machine.spawn((env) => env.sys.nanosleep(10_000));
    expect(machine.run({ untilNs: 5_000.5 }).virtualNs).toBe(5_001);
    expect(machine.run({ untilNs: Number.POSITIVE_INFINITY }).virtualNs).toBeGreaterThan(10_000);
  });

  test.each([-1, Number.NaN])("a device's timer is not armed for %d", (atNs) => {
    const { machine } = boot();
    const timer = createTimer(machine.kernel, () => {});
    const message = `armTimer takes a time from 0 up, got ${atNs}`;
    expect(errorOf(() => armTimer(machine.kernel, timer, 0, atNs))).toMatchObject({
      code: "ERR_TIME",
      message,
    });
  });
});
