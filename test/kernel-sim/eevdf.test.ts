/** EEVDF in a machine: shares, delayed dequeue and its wake-up branch, short slices, run to parity. */
import { describe, expect, test } from "vitest";
import type { Tid } from "../../src/kernel-sim/ids.ts";
import { TRACE_SCHED_SWITCH, TRACE_SCHED_WAKEUP } from "../../src/trace/events.ts";
import type { Env, Program } from "../../src/umcg/env.ts";
import { boot } from "../support/boot.ts";
import { taskOf } from "../support/inspect.ts";

const SECOND = 1e9;

const hog: Program = function* (env) {
  for (;;) yield* env.work(1e12);
};

describe.each(["eevdf-6.12", "eevdf-7.2"] as const)("%s", (fair) => {
  test("nice 0 and nice 5 share 75.35 to 24.65", () => {
    const { machine } = boot({ fair, trace: false });
    const tids = [0, 5].map((nice) => machine.spawn(hog, { nice }));
    machine.run({ untilNs: 60 * SECOND });
    const [more, less] = tids.map((tid) => taskOf(machine, tid).execNs);
    expect(more! / (more! + less!)).toBeCloseTo(0.7535, 3);
  });

  test("a sleeper that has had more than its share wakes where it slept, whatever the flags say", () => {
    const { machine, log } = boot({ fair, vcpus: 2, wake: "current-cpu", tickHz: 0, sliceNs: 20_000_000 });
    const word = machine.allocate(4);
    let sleeper = 0 as Tid;
    // On CPU 0: the sleeper runs ahead of the hog it shares the CPU with, then sleeps while it is not eligible.
    sleeper = machine.spawn(
      function* (env: Env) {
        yield* env.work(3_000_000);
        yield* env.sys.futexWait(word, 0);
        yield* env.work(1000);
      },
      { name: "sleeper" },
    );
    machine.spawn(
      function* (env) {
        yield* env.work(4_000_000);
        yield* env.memory.store32(word, 1);
        yield* env.sys.futexWake(word);
      },
      { affinity: [1] },
    );
    machine.spawn(
      function* (env) {
        yield* env.work(30_000_000);
      },
      { affinity: [0] },
    );
    machine.run();
    const wakes = log.events.filter((e) => e.kind === TRACE_SCHED_WAKEUP && e.tid === sleeper);
    // Its first wake-up made it, the second found it queued on CPU 0: no selection, WF_CURRENT_CPU or not.
    expect(wakes.at(-1)).toMatchObject({ cpu: 0, arg0: 2, arg1: 1 });
  });

  test("an eligible task within its protection is not preempted by an equal, but by one with a shorter slice", () => {
    for (const [sliceNs, preempts] of [
      [undefined, false],
      [100_000, true],
    ] as const) {
      const { machine, log } = boot({ fair, tickHz: 0, sliceNs: 10_000_000 });
      const light = machine.spawn(
        function* (env) {
          for (let i = 0; i < 3; i++) {
            yield* env.sys.nanosleep(1_000_000);
            yield* env.work(10_000);
          }
        },
        sliceNs === undefined ? {} : { sliceNs },
      );
      const heavy = machine.spawn(function* (env) {
        yield* env.work(9_000_000);
      });
      machine.run();
      const preempted = log.events.some(
        (e) => e.kind === TRACE_SCHED_SWITCH && e.tid === light && e.arg0 === heavy && e.arg1 === 0,
      );
      expect(preempted).toBe(preempts);
    }
  });
});

test("bad policies and slices are ERR_CONFIG and named", () => {
  const bad = (message: string): object =>
    expect.objectContaining({ code: "ERR_CONFIG", message: expect.stringContaining(message) });
  expect(() => boot({ fair: "cfs" as never })).toThrow(bad("cfs"));
  const { machine } = boot();
  for (const sliceNs of [0, 99_999, 1.5e5 + 0.5, 1e9]) {
    expect(() => machine.spawn(hog, { sliceNs })).toThrow(bad(String(sliceNs)));
  }
});
