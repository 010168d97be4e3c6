import { describe, expect, test } from "vitest";
import { STATE_NAMES } from "../../src/report/model/states.ts";
import { buildTimeline, type Timeline } from "../../src/report/model/timeline.ts";
import type { Track } from "../../src/report/model/track.ts";
import * as kinds from "../../src/trace/events.ts";
import type { UmcgNumbers } from "../../src/trace/umcg-roles.ts";
import { type Event, logOf } from "./fixture.ts";

const umcg: UmcgNumbers = { ctl: 447, wait: 448, register: 1, unregister: 2, worker: 0x10000, idleReason: 7 };
const taskName = (tid: number): string => `t${tid}`;

function build(events: readonly Event[]): Timeline {
  return buildTimeline(logOf(events), { vcpus: 2, taskName, umcg });
}

/** [start, state] of each slice. */
function slices(track: Track | undefined): [number, string][] {
  if (track === undefined) return [];
  return Array.from({ length: track.length }, (_, i) => [track.starts[i]!, STATE_NAMES[track.states[i]!]!]);
}

describe("a timeline", () => {
  test("has a wake-up as blocked, runnable, running, and an arrow", () => {
    const { cpus, tasks, arrows } = build([
      [10, kinds.TRACE_SYS_ENTER, 0, 1, 202, 0],
      [20, kinds.TRACE_SCHED_SWITCH, 0, 2, 1, 2],
      [30, kinds.TRACE_SYS_ENTER, 0, 2, 202, 0],
      [40, kinds.TRACE_SCHED_WAKING, 0, 1, 0, 2],
      [45, kinds.TRACE_SCHED_WAKEUP, 1, 1, 0, 0],
      [60, kinds.TRACE_SCHED_SWITCH, 1, 1, 0, 0],
      [70, kinds.TRACE_SYS_EXIT, 1, 1, 202, 0],
    ]);
    expect(slices(tasks[0])).toEqual([
      [10, "task, kernel"],
      [20, "blocked"],
      [45, "runnable, waits for a CPU"],
      [60, "task, kernel"],
      [70, "task, user mode"],
    ]);
    expect(slices(cpus[0])).toEqual([
      [10, "task, kernel"],
      [20, "task, user mode"],
      [30, "task, kernel"],
    ]);
    expect(arrows).toHaveLength(1);
    const [{ from, fromNs, to, toNs }] = arrows as [Timeline["arrows"][number]];
    expect([from.name, fromNs, to.name, toNs]).toEqual(["t2", 40, "t1", 60]);
  });

  test("draws an interrupt's arrow from its CPU", () => {
    const { arrows } = build([
      [40, kinds.TRACE_SCHED_WAKING, 1, 5, 0, 0],
      [45, kinds.TRACE_SCHED_WAKEUP, 0, 5, 0, 0],
      [60, kinds.TRACE_SCHED_SWITCH, 0, 5, 0, 0],
    ]);
    expect(arrows.map(({ from, to }) => [from.name, to.name])).toEqual([["vCPU 1", "t5"]]);
  });

  test("no arrow points back in time", () => {
    const { arrows } = build([
      [70, kinds.TRACE_SCHED_WAKING, 1, 5, 0, 0],
      [60, kinds.TRACE_SCHED_SWITCH, 0, 5, 0, 0],
    ]);
    expect(arrows.map(({ fromNs, toNs }) => [fromNs, toNs])).toEqual([[60, 60]]);
  });

  test("shows preempted tasks as runnable, dead ones as nothing", () => {
    const { tasks } = build([
      [10, kinds.TRACE_SCHED_SWITCH, 0, 1, 0, 0],
      [20, kinds.TRACE_SCHED_SWITCH, 0, 2, 1, 0],
      [30, kinds.TRACE_TASK_EXIT, 0, 2, 0, 0],
      [35, kinds.TRACE_SCHED_SWITCH, 0, 1, 2, 10],
    ]);
    expect(slices(tasks[0])).toEqual([
      [10, "task, user mode"],
      [20, "runnable, waits for a CPU"],
      [35, "task, user mode"],
    ]);
    expect(slices(tasks[1])).toEqual([
      [20, "task, user mode"],
      [30, "not there"],
    ]);
  });

  test("has idle, and the way out of it", () => {
    const { cpus } = build([
      [10, kinds.TRACE_SCHED_SWITCH, 0, 0, 1, 2],
      [12, kinds.TRACE_IDLE_ENTER, 0, 0, 1, 0],
      [30, kinds.TRACE_IDLE_EXIT, 0, 0, 1, 500],
      [40, kinds.TRACE_SCHED_SWITCH, 0, 1, 0, 0],
    ]);
    expect(slices(cpus[0])).toEqual([
      [10, "idle"],
      [12, "idle"],
      [30, "leaving idle"],
      [40, "task, user mode"],
    ]);
  });

  test("tells servers and workers apart, and which of them wait for each other", () => {
    const { tasks } = build([
      [10, kinds.TRACE_SYS_ENTER, 0, 1, umcg.ctl, umcg.register],
      [12, kinds.TRACE_SYS_EXIT, 0, 1, umcg.ctl, 0],
      [20, kinds.TRACE_SYS_ENTER, 1, 2, umcg.ctl, umcg.register | umcg.worker],
      [25, kinds.TRACE_SCHED_SWITCH, 1, 0, 2, umcg.idleReason],
      [30, kinds.TRACE_SYS_ENTER, 0, 1, umcg.wait, 0],
      [40, kinds.TRACE_SCHED_SWITCH, 0, 0, 1, 6],
    ]);
    expect(slices(tasks[0])).toEqual([
      [10, "server, kernel"],
      [12, "server, user mode"],
      [30, "server, kernel"],
      [40, "idle server"],
    ]);
    expect(slices(tasks[1])).toEqual([
      [20, "worker, kernel"],
      [25, "woken, waits for a server"],
    ]);
  });

  test("marks instants on the row that they are about", () => {
    const { marks } = build([
      [10, kinds.TRACE_IPI_SEND, 0, 1, 1, 1],
      [20, kinds.TRACE_UMCG_STATE, 1, 3, 1, 2],
    ]);
    expect(marks.map(({ track, timeNs, event }) => [track.name, timeNs, event])).toEqual([
      ["vCPU 0", 10, 0],
      ["t3", 20, 1],
    ]);
  });
});
