import { describe, expect, test } from "vitest";
import * as kinds from "../../src/trace/events.ts";
import type { UmcgNumbers } from "../../src/trace/umcg-roles.ts";
import { build, type Event } from "./chrome-file.ts";

const umcg: UmcgNumbers = { ctl: 447, wait: 448, register: 1, unregister: 2, worker: 0x10000, idleReason: 7 };

/** [ns, value] of a counter. */
function counter(events: readonly Event[], name: string): [number, number][] {
  const { traceEvents } = build(events, 1000, { umcg });
  return traceEvents
    .filter((row) => row.ph === "C" && row.name === name)
    .map(({ ts, args }) => [Math.round(ts! * 1000), Object.values(args!)[0] as number]);
}

describe("counters of run queues", () => {
  test("count who waits, not who runs", () => {
    const events: Event[] = [
      [10, kinds.TRACE_SCHED_WAKEUP, 0, 1, 0, 0],
      [20, kinds.TRACE_SCHED_WAKEUP, 0, 2, 0, 0],
      [30, kinds.TRACE_SCHED_SWITCH, 0, 1, 0, 0],
      [40, kinds.TRACE_SCHED_SWITCH, 0, 2, 1, 0],
      [50, kinds.TRACE_SCHED_SWITCH, 0, 1, 2, 5],
    ];
    expect(counter(events, "run queue of vCPU 0")).toEqual([
      [0, 0],
      [10, 1],
      [20, 2],
      [30, 1],
      [40, 0],
      [40, 1],
      [50, 0],
    ]);
  });

  test("follow a task that moves, and one that exits", () => {
    const events: Event[] = [
      [10, kinds.TRACE_SCHED_WAKEUP, 0, 1, 0, 0],
      [20, kinds.TRACE_MIGRATE, 1, 1, 0, 0],
      [30, kinds.TRACE_TASK_EXIT, 1, 1, 0, 9],
    ];
    expect(counter(events, "run queue of vCPU 0")).toEqual([
      [0, 0],
      [10, 1],
      [20, 0],
    ]);
    expect(counter(events, "run queue of vCPU 1")).toEqual([
      [0, 0],
      [20, 1],
      [30, 0],
    ]);
  });

  test("know that a task found running is on no queue, and count nobody twice", () => {
    const events: Event[] = [
      [10, kinds.TRACE_SCHED_SWITCH, 0, 1, 0, 0],
      [20, kinds.TRACE_SCHED_WAKEUP, 0, 1, 0, 0],
      [30, kinds.TRACE_SCHED_WAKEUP, 0, 2, 0, 0],
      [40, kinds.TRACE_SCHED_WAKEUP, 0, 2, 2, 0],
    ];
    expect(counter(events, "run queue of vCPU 0")).toEqual([
      [0, 0],
      [30, 1],
    ]);
  });

  test("do not go back in time", () => {
    const events: Event[] = [
      [30, kinds.TRACE_SCHED_WAKEUP, 0, 1, 0, 0],
      [20, kinds.TRACE_SCHED_WAKEUP, 0, 2, 0, 0],
    ];
    expect(counter(events, "run queue of vCPU 0")).toEqual([
      [0, 0],
      [30, 1],
      [30, 2],
    ]);
  });
});

test("idle servers and workers are counted", () => {
  const events: Event[] = [
    [10, kinds.TRACE_SYS_ENTER, 0, 1, umcg.ctl, umcg.register],
    [11, kinds.TRACE_SYS_EXIT, 0, 1, umcg.ctl, 0],
    [20, kinds.TRACE_SYS_ENTER, 1, 2, umcg.ctl, umcg.register | umcg.worker],
    [30, kinds.TRACE_SCHED_SWITCH, 1, 0, 2, umcg.idleReason],
    [40, kinds.TRACE_SYS_ENTER, 0, 1, umcg.wait, 0],
    [50, kinds.TRACE_SCHED_SWITCH, 0, 0, 1, 6],
    [60, kinds.TRACE_SCHED_WAKING, 0, 1, 0, 0],
  ];
  expect(counter(events, "idle workers")).toEqual([
    [0, 0],
    [30, 1],
  ]);
  expect(counter(events, "idle servers")).toEqual([
    [0, 0],
    [50, 1],
    [60, 0],
  ]);
});

test("without the numbers of UMCG there are no counters", () => {
  const { traceEvents } = build([[10, kinds.TRACE_SCHED_WAKEUP, 0, 1, 0, 0]], 100);
  expect(traceEvents.filter(({ ph }) => ph === "C")).toEqual([]);
});
