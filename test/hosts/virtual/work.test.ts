/** env.work: preempted, interrupted, sliced, and in the end exactly as long as was asked for. */
import { describe, expect, test } from "vitest";
import { SIGUSR1 } from "../../../src/kernel-sim/constants.ts";
import {
  TRACE_IPI_RECEIVE,
  TRACE_SCHED_SWITCH,
  TRACE_SIGNAL,
  TRACE_TICK,
  TRACE_TIMER_EXPIRE,
} from "../../../src/trace/events.ts";
import type { Program } from "../../../src/umcg/env.ts";
import { boot, priceOf } from "../../support/boot.ts";
import { taskOf } from "../../support/inspect.ts";
import { staysOf } from "../../support/timeline.ts";

const TICK = 4_000_000;

describe("work(ns)", () => {
  test.each([0, 1, 999, 12_345.5, 1e12, 2 ** 52])(
    "of %d ns on an idle machine takes that long, in whole ns",
    (ns) => {
      const { machine } = boot();
      let took = -1;
      machine.spawn(function* (env) {
        const began = env.now();
        yield* env.work(ns);
        took = env.now() - began;
      });
      machine.run();
      expect(took).toBe(Math.ceil(ns));
    },
  );

  test("among competitors takes its own time, its ticks and the others' turns: the sum is exact", () => {
    const { machine, log } = boot();
    const WORK = [33_333_333, 10_000_001, 1, 55_555_555];
    const tids = WORK.map((ns) =>
      machine.spawn(function* (env) {
        yield* env.work(ns);
      }),
    );
    machine.run();
    const { tick, block } = machine.costs.steps;
    for (const [index, tid] of tids.entries()) {
      const ticks = log.count({ kind: TRACE_TICK, tid });
      expect(taskOf(machine, tid).execNs - ticks * tick - block).toBe(WORK[index]);
    }
    expect(log.count({ kind: TRACE_SCHED_SWITCH })).toBeGreaterThan(15);
  });

  test("is the same in one piece as in many", () => {
    const exec = (pieces: number): number => {
      const { machine, log } = boot();
      const tid = machine.spawn(function* (env) {
        for (let i = 0; i < pieces; i++) yield* env.work(40_000_000 / pieces);
      });
      machine.spawn((env) => env.work(40_000_000) as Generator<never, void, 1>);
      machine.run();
      return taskOf(machine, tid).execNs - log.count({ kind: TRACE_TICK, tid }) * priceOf(machine, "tick");
    };
    const whole = exec(1);
    expect(whole).toBe(40_000_000 + 250);
    for (const pieces of [2, 16, 1000]) expect(exec(pieces)).toBe(whole);
  });
});

describe("preemption", () => {
  test("ends a stretch at the tick, in the middle of one long work", () => {
    const { machine, log } = boot();
    const hog: Program = (env) => env.work(20 * TICK) as Generator<never, void, 1>;
    const first = machine.spawn(hog);
    const second = machine.spawn(hog);
    machine.run({ untilNs: 2.5 * TICK });
    const [, stay] = staysOf(log);
    expect(stay).toMatchObject({ tid: first, next: second, reason: 0 });
    expect(stay!.toNs).toBe(TICK + priceOf(machine, "tick", "switch"));
    expect(taskOf(machine, first)).toMatchObject({ involuntarySwitches: 1, voluntarySwitches: 0 });
  });

  test("takes a loop over memory, too", () => {
    const { machine, log } = boot();
    const word = machine.allocate(4);
    machine.spawn(function* (env) {
      while ((yield* env.memory.load32(word)) === 0);
    });
    machine.spawn(function* (env) {
      yield* env.memory.store32(word, 1);
    });
    machine.run();
    const [, stay] = staysOf(log);
    // A tick, and up to one stretch of 4096 operations.
    expect(stay!.toNs).toBeGreaterThan(TICK);
    expect(stay!.toNs).toBeLessThan(TICK + 3 * 4096);
  });

  test("does not happen to a task that is alone", () => {
    const { machine, log } = boot();
    machine.spawn((env) => env.work(100 * TICK) as Generator<never, void, 1>);
    machine.run();
    expect(log.count({ kind: TRACE_TICK })).toBe(0);
    expect(log.count({ kind: TRACE_SCHED_SWITCH })).toBe(2);
  });
});

describe("interrupts during work", () => {
  test("delay it by what they cost, each once", () => {
    for (const profile of ["native", "guest"] as const) {
      const { machine, log } = boot({ profile });
      const SLEEPS = 7;
      let took = 0;
      // Timers of other tasks go off on this CPU while it computes.
      for (let i = 1; i <= SLEEPS; i++) {
        machine.spawn(function* (env) {
          yield* env.sys.nanosleep(i * 100_000);
        });
      }
      machine.spawn(function* (env) {
        const began = env.now();
        yield* env.work(3_000_000);
        took = env.now() - began;
      });
      machine.run();
      expect(took).toBe(3_000_000 + SLEEPS * priceOf(machine, "timerInterrupt"));
      expect(log.count({ kind: TRACE_TICK })).toBe(0);
    }
  });

  test("by signals cost the handler's time and lose nothing, however many come", () => {
    const { machine, log } = boot({ vcpus: 2 });
    const WORK = 5_000_000;
    const HANDLER = 1_234;
    let took = 0;
    let handled = 0;
    const target = machine.spawn(
      function* (env) {
        yield* env.sys.sigaction(SIGUSR1, function* () {
          handled++;
          yield* env.work(HANDLER);
        });
        const began = env.now();
        yield* env.work(WORK);
        took = env.now() - began;
      },
      { affinity: [1] },
    );
    machine.spawn(
      function* (env) {
        for (let i = 0; i < 300; i++) {
          yield* env.work(1_000 + 37 * i);
          yield* env.sys.kill(target, SIGUSR1);
        }
      },
      { affinity: [0] },
    );
    machine.run();
    expect(log.count({ kind: TRACE_SIGNAL })).toBeGreaterThan(200);
    expect(handled).toBeGreaterThan(200);
    expect(took).toBe(WORK + handled * HANDLER);
  });
});

test("an IPI in the middle of a timer's interrupt waits for its end", () => {
  const WORK = 20_000;
  let inside = 0;
  for (let delay = 0; delay < 16_000; delay += 250) {
    const { machine, log } = boot({ vcpus: 2, tickHz: 0 });
    let handledAt = -1;
    const worker = machine.spawn(
      function* (env) {
        yield* env.sys.sigaction(SIGUSR1, function* () {
          handledAt = env.now();
        });
        const timer = yield* env.sys.timerfdCreate();
        yield* env.sys.timerfdSettime(timer, 0, 5_000, 0);
        yield* env.work(WORK);
      },
      { affinity: [1] },
    );
    machine.spawn(
      function* (env) {
        yield* env.work(delay);
        yield* env.sys.kill(worker, SIGUSR1);
      },
      { affinity: [0] },
    );
    machine.run();
    const { userNs, interruptNs } = machine.accounting().cpus[1]!;
    const price = priceOf(machine, "timerInterrupt");
    expect([delay, userNs, interruptNs]).toEqual([delay, WORK, price]);
    const [fired] = log.all({ kind: TRACE_TIMER_EXPIRE });
    const [sent] = log.all({ kind: TRACE_IPI_RECEIVE, cpu: 1 });
    if (sent!.timeNs <= fired!.timeNs - price || sent!.timeNs >= fired!.timeNs) continue;
    inside++;
    expect([delay, handledAt]).toEqual([delay, fired!.timeNs]);
  }
  expect(inside).toBeGreaterThan(5);
});
