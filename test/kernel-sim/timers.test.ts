/** The clock device of a CPU: one interrupt for all that may fire, what it costs, timers of devices. */
import { describe, expect, test } from "vitest";
import { SIGUSR1 } from "../../src/kernel-sim/constants.ts";
import { armTimer, cancelTimer, createTimer, releaseTimer } from "../../src/kernel-sim/timers.ts";
import type { Machine } from "../../src/machine.ts";
import { TRACE_SCHED_WAKEUP, TRACE_SCHED_WAKING, TRACE_TIMER_EXPIRE } from "../../src/trace/events.ts";
import type { Env } from "../../src/umcg/env.ts";
import { type Booted, boot, errorOf, priceOf, runMain } from "../support/boot.ts";
import { cpuOf } from "../support/inspect.ts";
import type { TraceLog } from "../support/trace-log.ts";

/** Sleeps until about `atNs`: what the call itself costs before the timer is armed is taken off. */
function sleepUntil(env: Env, machine: Machine, atNs: number) {
  return env.sys.nanosleep(atNs - env.now() - priceOf(machine, "syscallEntry", "timerArm"));
}

/** Tasks on one CPU that sleep until these times, and the log of what happened. */
function sleepers(times: readonly number[], timerSlackNs: number): Booted {
  const booted = boot({ timerSlackNs });
  for (const at of times) {
    booted.machine.spawn(function* (env) {
      yield* sleepUntil(env, booted.machine, at);
    });
  }
  booted.machine.run();
  return booted;
}

function expiries(log: TraceLog): { readonly at: number; readonly tid: number }[] {
  return log.all({ kind: TRACE_TIMER_EXPIRE }).map(({ timeNs, tid }) => ({ at: timeNs, tid }));
}

describe("one interrupt", () => {
  test("runs every timer whose soft expiry has passed; the second pays for a wake-up of its own", () => {
    const { machine, log } = sleepers([1_000_000, 1_040_000, 1_060_000], 50_000);
    const handler = 1_050_000 + priceOf(machine, "timerInterrupt");
    expect(expiries(log)).toEqual([
      { at: handler, tid: 1 },
      { at: handler + priceOf(machine, "wake"), tid: 2 },
      // Not before its soft expiry: an interrupt of its own.
      { at: 1_110_000 + priceOf(machine, "timerInterrupt"), tid: 3 },
    ]);
    const waking = log.all({ kind: TRACE_SCHED_WAKING, arg0: 0 }).map(({ timeNs }) => timeNs);
    const woken = log.all({ kind: TRACE_SCHED_WAKEUP }).map(({ timeNs }) => timeNs);
    expect(waking.slice(0, 2)).toEqual([handler, handler]);
    expect(woken.slice(-3, -1)).toEqual([handler, handler + priceOf(machine, "wake")]);
  });

  test("stops at the first timer, by hard expiry, that may not fire yet", () => {
    const { machine, log } = boot();
    const fired: number[] = [];
    const arm = (name: number, at: number, slack: number): void =>
      armTimer(
        machine.kernel,
        createTimer(machine.kernel, () => fired.push(name)),
        0,
        at,
        slack,
      );
    arm(1, 100_000, 0);
    arm(2, 200_000, 0);
    // May fire at once, but is behind the second in the queue.
    arm(3, 50_000, 250_000);
    machine.spawn((env) => env.sys.nanosleep(400_000));
    machine.run();
    expect(fired).toEqual([1, 2, 3]);
    const times = log.all({ kind: TRACE_TIMER_EXPIRE, tid: 0 }).map(({ timeNs }) => timeNs);
    const delivered = priceOf(machine, "timerInterrupt");
    const further = priceOf(machine, "wake");
    expect(times).toEqual([100_000 + delivered, 200_000 + delivered, 200_000 + delivered + further]);
  });

  test("delays the running task by all that it runs", () => {
    const { machine } = boot({ tickHz: 0 });
    for (let timer = 0; timer < 5; timer++) {
      armTimer(
        machine.kernel,
        createTimer(machine.kernel, () => {}),
        0,
        100_000,
      );
    }
    let took = 0;
    machine.spawn(function* (env) {
      const began = env.now();
      yield* env.work(1_000_000);
      took = env.now() - began;
    });
    machine.run();
    const wakes = priceOf(machine, "wake", "wake", "wake", "wake");
    expect(took).toBe(1_000_000 + priceOf(machine, "timerInterrupt") + wakes);
  });
});

describe("programming the device", () => {
  /** What a second sleeper pays, by the time at which it wants to wake, when another one waits for 1 ms. */
  function secondCall(until: number): number {
    const { machine } = boot();
    let blockedAt = 0;
    machine.spawn(function* (env) {
      yield* sleepUntil(env, machine, 1_000_000);
    });
    machine.spawn(function* (env) {
      const began = env.now();
      machine.spawn(function* (third) {
        blockedAt = third.now() - began;
      });
      yield* sleepUntil(env, machine, until);
    });
    machine.run();
    return blockedAt - priceOf(machine, "syscallEntry", "timerArm", "block", "switch");
  }

  test("costs extra only when the timer is the first to fire", () => {
    const { machine } = boot();
    expect(secondCall(2_000_000)).toBe(0);
    expect(secondCall(500_000)).toBe(priceOf(machine, "timerReprogram"));
  });

  test("a signal to the first sleeper pays for it once more; the interrupt then never comes", () => {
    const { machine, log } = boot();
    const sleeper = machine.spawn(function* (env) {
      yield* env.sys.sigaction(SIGUSR1, function* () {});
      yield* sleepUntil(env, machine, 300_000);
    });
    let worked = 0;
    machine.spawn(function* (env) {
      yield* env.sys.kill(sleeper, SIGUSR1);
      yield* env.sys.schedYield();
      const began = env.now();
      yield* env.work(500_000);
      worked = env.now() - began;
    });
    machine.run();
    expect(log.count({ kind: TRACE_TIMER_EXPIRE })).toBe(0);
    expect(worked).toBe(500_000);
  });

  test("a timer cancelled from another CPU leaves an interrupt that comes for nothing", () => {
    const { machine, log } = boot({ vcpus: 2, tickHz: 0 });
    const timer = createTimer(machine.kernel, () => {});
    armTimer(machine.kernel, timer, 1, 200_000);
    let worked = 0;
    machine.spawn(
      function* (env) {
        yield* env.work(50_000);
        cancelTimer(machine.kernel, timer);
      },
      { affinity: [0] },
    );
    machine.spawn(
      function* (env) {
        const began = env.now();
        yield* env.work(500_000);
        worked = env.now() - began;
      },
      { affinity: [1] },
    );
    machine.run();
    expect(log.count({ kind: TRACE_TIMER_EXPIRE })).toBe(0);
    expect(worked).toBe(500_000 + priceOf(machine, "timerInterrupt"));
  });

  test("moving the first timer away programs the device for the next", () => {
    const { machine, log } = boot();
    const { kernel } = machine;
    const timers = [0, 1].map(() => createTimer(kernel, () => {}));
    armTimer(kernel, timers[0]!, 0, 100_000);
    armTimer(kernel, timers[1]!, 0, 200_000);
    expect(kernel.timers.nextNs(0)).toBe(100_000);
    armTimer(kernel, timers[0]!, 0, 300_000);
    expect(kernel.timers.nextNs(0)).toBe(200_000);
    machine.spawn((env) => env.sys.nanosleep(400_000));
    machine.run();
    const delivered = priceOf(machine, "timerInterrupt");
    const times = log.all({ kind: TRACE_TIMER_EXPIRE, tid: 0 });
    expect(times.map(({ timeNs, arg0 }) => [timeNs, arg0])).toEqual([
      [200_000 + delivered, 2],
      [300_000 + delivered, 1],
    ]);
    expect(kernel.timers.nextNs(0)).toBe(Number.POSITIVE_INFINITY);
  });
});

describe("a timer of a device", () => {
  test("runs in interrupt context on its CPU, and may arm itself again", () => {
    const { machine } = boot({ vcpus: 2 });
    const { kernel } = machine;
    const seen: unknown[] = [];
    const timer = createTimer(kernel, (own) => {
      seen.push([own, kernel.cpu, kernel.current, kernel.timers.isArmed(own)]);
      if (seen.length < 3) armTimer(kernel, own, kernel.cpu, kernel.host.now + 10_000);
    });
    armTimer(kernel, timer, 1, 10_000);
    machine.spawn((env) => env.sys.nanosleep(100_000), { affinity: [0] });
    machine.run();
    expect(seen).toEqual(Array(3).fill([timer, 1, 0, false]));
  });

  test("that arms itself for a time that has passed runs again, paying each time", () => {
    const { machine, log } = boot({ tickHz: 0 });
    const { kernel } = machine;
    let runs = 0;
    const timer = createTimer(kernel, (own) => {
      if (++runs < 4) armTimer(kernel, own, 0, 0);
    });
    armTimer(kernel, timer, 0, 1_000);
    machine.spawn((env) => env.work(50_000) as never);
    machine.run();
    const times = log.all({ kind: TRACE_TIMER_EXPIRE }).map(({ timeNs }) => timeNs);
    const first = 1_000 + priceOf(machine, "timerInterrupt");
    expect(times).toEqual([0, 1, 2, 3].map((n) => first + n * priceOf(machine, "wake")));
  });

  test("wakes an idle CPU, once, however many it runs", () => {
    const { machine } = boot({ vcpus: 2 });
    for (let timer = 0; timer < 3; timer++) {
      armTimer(
        machine.kernel,
        createTimer(machine.kernel, () => {}),
        1,
        100_000,
      );
    }
    machine.spawn((env) => env.work(200_000) as never, { affinity: [0] });
    machine.run();
    expect(cpuOf(machine, 1)).toMatchObject({ current: 0, idle: true, switches: 0, ipisReceived: 0 });
  });

  test("is one of `maxTimers`; a released one can be had again", () => {
    const { machine } = boot({ maxTimers: 2 });
    const [first] = [createTimer(machine.kernel, () => {}), createTimer(machine.kernel, () => {})];
    expect(errorOf(() => createTimer(machine.kernel, () => {}))).toMatchObject({
      code: "ERR_TIMER_LIMIT",
      message: "no timer left: maxTimers is 2",
    });
    releaseTimer(machine.kernel, first);
    expect(createTimer(machine.kernel, () => {})).toBe(first);
  });
});

test("a task that is killed asleep takes its timer with it", () => {
  const { log, result } = runMain(function* (env) {
    const sleeper = yield* env.spawn((own) => own.sys.nanosleep(1e9));
    yield* env.sys.nanosleep(1_000_000);
    yield* env.sys.kill(sleeper, 9);
    yield* env.sys.join(sleeper);
  });
  expect(log.count({ kind: TRACE_TIMER_EXPIRE })).toBe(1);
  expect(result.virtualNs).toBeLessThan(2_000_000);
});
