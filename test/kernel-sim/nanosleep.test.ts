/** nanosleep(2): how long exactly, in which order, and what ends it early. */
import { describe, expect, test } from "vitest";
import { EINTR, EINVAL } from "../../src/atomics/errno.ts";
import { SIGUSR1 } from "../../src/kernel-sim/constants.ts";
import { createMachine, type MachineConfig } from "../../src/machine.ts";
import { TRACE_TIMER_EXPIRE } from "../../src/trace/events.ts";
import { boot, evaluate, priceOf, runMain, timed } from "../support/boot.ts";

describe("a sleep on an idle machine", () => {
  const machines: readonly MachineConfig[] = [
    { profile: "native" },
    { profile: "native", idle: "poll" },
    { profile: "native", idle: "c6" },
    { profile: "guest" },
    { profile: "native", vcpus: 4 },
  ];
  // Longer than it takes to program the clock device, which happens while the sleep is under way.
  const times = [20_000, 50_000, 1_000_000_000];

  test.each(machines)("takes the sum of its steps on %j, whatever the idle state", (config) => {
    for (const ns of times) {
      for (const timerSlackNs of [0, 50_000]) {
        const { machine, value } = runMain((env) => timed(env, env.sys.nanosleep(ns)), {
          ...config,
          timerSlackNs,
        });
        const before = priceOf(machine, "syscallEntry", "timerArm");
        const after = priceOf(machine, "timerInterrupt", "idleLoopExit", "switch", "syscallExit");
        expect(value).toEqual({ ns: before + ns + timerSlackNs + after, value: 0 });
      }
    }
  });

  test("takes 3675 ns more than was asked for, as the native prices are", () => {
    expect(evaluate((env) => timed(env, env.sys.nanosleep(5_000)))).toEqual({ ns: 8_675, value: 0 });
  });

  test("has 50 us of slack unless the machine says otherwise", () => {
    let slept = 0;
    const machine = createMachine();
    machine.spawn(function* (env) {
      slept = (yield* timed(env, env.sys.nanosleep(5_000))).ns;
    });
    machine.run();
    expect(slept).toBe(58_675);
  });

  test.each([
    [0, 0, false],
    [0.5, 1, false],
    [100, 100, false],
    [101, 101, true],
    [349, 349, true],
  ])("of %d ns without slack ends while the CPU is still on its way to sleep", (asked, timer, blocks) => {
    const { machine, log, value } = runMain((env) => timed(env, env.sys.nanosleep(asked)));
    // The interrupt comes while the device is programmed, and then nobody blocks; or in the middle of the block path,
    // which it delays. There is no idle state to leave.
    const before = priceOf(machine, "syscallEntry", "timerArm", "timerReprogram");
    const after = blocks
      ? priceOf(machine, "block", "switch", "syscallExit")
      : priceOf(machine, "syscallExit");
    expect(value).toEqual({ ns: before + priceOf(machine, "timerInterrupt") + after, value: 0 });
    const began = priceOf(machine, "switch", "syscallEntry", "timerArm");
    expect(log.single({ kind: TRACE_TIMER_EXPIRE }).timeNs).toBe(
      began + timer + priceOf(machine, "timerInterrupt"),
    );
  });
});

describe("a time that is none", () => {
  test.each([-1, -0.5, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    "%d is -EINVAL at once",
    (ns) => {
      const { machine, log, value } = runMain((env) => timed(env, env.sys.nanosleep(ns)));
      expect(value).toEqual({ ns: priceOf(machine, "syscallEntry", "syscallExit"), value: -EINVAL });
      expect(log.count({ kind: TRACE_TIMER_EXPIRE })).toBe(0);
    },
  );

  test("-0 and very long times are times", () => {
    expect(evaluate((env) => env.sys.nanosleep(-0))).toBe(0);
    expect(evaluate((env) => timed(env, env.sys.nanosleep(1e15))).ns).toBeGreaterThan(1e15);
  });
});

describe("several sleepers", () => {
  test("wake in the order of their times; equal times in the order they were asked for", () => {
    const order: number[] = [];
    const { machine, log } = boot({ vcpus: 2 });
    const sleeps = [30_000, 10_000, 20_000, 10_000, 30_000];
    sleeps.forEach((until, index) => {
      machine.spawn(
        function* (env) {
          yield* env.sys.nanosleep(1_000_000 * until - env.now());
          order.push(index);
        },
        { affinity: [0] },
      );
    });
    machine.run();
    const woken = log.all({ kind: TRACE_TIMER_EXPIRE }).map(({ tid }) => tid - 1);
    expect(woken).toEqual([1, 3, 2, 0, 4]);
    // Two that are woken by one interrupt run in the order of what they had of the CPU: the first programmed the device.
    expect(order).toEqual([3, 1, 2, 0, 4]);
  });
});

describe("a signal with a handler", () => {
  test("ends the sleep with -EINTR, and its timer never fires", () => {
    const ran = runMain(function* (env) {
      const handled: number[] = [];
      const sleeper = yield* env.spawn(function* (own) {
        yield* own.sys.sigaction(SIGUSR1, function* (signal) {
          handled.push(signal);
        });
        return -(yield* own.sys.nanosleep(1_000_000));
      });
      yield* env.sys.nanosleep(100_000);
      yield* env.sys.kill(sleeper, SIGUSR1);
      const result = -(yield* env.sys.join(sleeper));
      return { result, handled, at: env.now() };
    });
    expect(ran.value).toMatchObject({ result: -EINTR, handled: [SIGUSR1] });
    expect(ran.value!.at).toBeLessThan(200_000);
    expect(ran.log.count({ kind: TRACE_TIMER_EXPIRE })).toBe(1);
    expect(ran.result.virtualNs).toBeLessThan(200_000);
  });

  test("that is pending already lets no sleep begin", () => {
    const ran = runMain(function* (env) {
      let second = 0;
      yield* env.sys.sigaction(SIGUSR1, function* () {
        // A handler's own sleep is not disturbed by the signal that it handles.
        second = yield* env.sys.nanosleep(500);
      });
      yield* env.sys.kill(env.tid, SIGUSR1);
      return { second, first: yield* env.sys.nanosleep(500) };
    });
    expect(ran.value).toEqual({ second: 0, first: 0 });
  });
});
