import { describe, expect, test } from "vitest";
import { TRACE_EVENTS } from "../../src/trace/event-table.ts";
import type { TraceEvent } from "../../src/trace/events.ts";
import * as kinds from "../../src/trace/events.ts";
import { formatEvent } from "../../src/trace/format.ts";
import { micros } from "../../src/trace/micros.ts";
import type { TraceNames } from "../../src/trace/names.ts";

function event(kind: number, tid: number, arg0: number, arg1: number, timeNs = 1_250): TraceEvent {
  return { timeNs, kind, cpu: 0, tid, arg0, arg1 };
}

const NAMES: TraceNames = {
  taskName: (tid) => `worker${tid}`,
  waitReason: (reason) => `wait${reason}`,
  idleState: (index) => `C${index}`,
  syscallName: (nr) => `sys${nr}`,
  signalName: (signo) => `SIG${signo}`,
  ipiKind: (kind) => `ipi${kind}`,
  dieReason: (reason) => `rule${reason}`,
  wakeFlags: (flags) => (flags === 0x40 ? "WF_CURRENT_CPU" : "?"),
  umcgWord: (word) => (word === 1 ? "RUNNING" : "IDLE"),
};

describe("formatEvent", () => {
  test.each([
    [event(kinds.TRACE_SCHED_WAKING, 3, 0x40, 2), "sched_waking tid=3 flags=0x40 by=2"],
    [event(kinds.TRACE_SCHED_WAKING, 3, 0, 0), "sched_waking tid=3 flags=0x0 by=irq"],
    [event(kinds.TRACE_WAKE_MISS, 3, 0, 2), "wake_miss tid=3 flags=0x0 by=2"],
    [event(kinds.TRACE_SCHED_WAKEUP, 3, 1, -1), "sched_wakeup tid=3 how=list by_cpu=-1"],
    [event(kinds.TRACE_SCHED_SWITCH, 0, 3, 0), "sched_switch next=idle prev=3 reason=runnable"],
    [event(kinds.TRACE_SCHED_SWITCH, 4, 0, 5), "sched_switch next=4 prev=idle reason=5"],
    [event(kinds.TRACE_SYS_EXIT, 3, 202, -110), "sys_exit tid=3 nr=202 ret=-110"],
    [event(kinds.TRACE_IPI_RECEIVE, 0, 1, 0), "ipi_receive kind=1"],
    [event(kinds.TRACE_IDLE_EXIT, 0, 1, 2_000), "idle_exit state=1 latency=2000ns"],
    [event(kinds.TRACE_TASK_EXIT, 3, 7, 0), "task_exit tid=3 code=7 signal=none"],
    [event(kinds.TRACE_UMCG_STATE, 3, -1, 0x103), "umcg_state tid=3 old=0xffffffff new=0x103"],
    [
      event(kinds.TRACE_PAGE_FAULT, 3, 0x8000_0000 | 0, 1),
      "page_fault tid=3 address=0x80000000 access=write",
    ],
    [event(kinds.TRACE_TICK, 0, 0, 0), "tick tid=idle"],
    [event(99, 1, 2, 3), "event99 tid=1 arg0=2 arg1=3"],
  ])("%o", (given, text) => {
    expect(formatEvent(given)).toBe(`[   1.250us] cpu0 ${text}`);
  });

  test.each([
    [event(kinds.TRACE_SCHED_WAKING, 3, 0x40, 2), "tid=3(worker3) flags=WF_CURRENT_CPU by=2(worker2)"],
    [event(kinds.TRACE_SCHED_SWITCH, 0, 3, 5), "next=idle prev=3(worker3) reason=wait5"],
    [event(kinds.TRACE_SYS_ENTER, 3, 9, 8), "nr=sys9 arg=8"],
    [event(kinds.TRACE_IPI_SEND, 3, 1, 4), "target=1 kind=ipi4"],
    [event(kinds.TRACE_IDLE_ENTER, 0, 1, 0), "state=C1"],
    [event(kinds.TRACE_SIGNAL, 3, 11, 0), "signo=SIG11 by=kernel"],
    [event(kinds.TRACE_UMCG_DIE, 3, 6, 0), "reason=rule6"],
    [event(kinds.TRACE_UMCG_STATE, 3, 1, 2), "old=RUNNING new=IDLE"],
  ])("%o with names", (given, text) => {
    expect(formatEvent(given, NAMES)).toContain(text);
  });

  test("makes one line of any kind and any numbers", () => {
    for (const { kind, name } of TRACE_EVENTS) {
      const line = formatEvent(event(kind, -1, -2_147_483_648, 2_147_483_647, Number.NaN));
      expect(line).toMatch(/^\[ +NaNus\] cpu0 \S+/);
      expect(line).toContain(` ${name}`);
      expect(line).not.toContain("\n");
    }
  });
});

describe("micros", () => {
  test.each([
    [0, "0.000"],
    [1, "0.001"],
    [999, "0.999"],
    [1_000, "1.000"],
    [1_250, "1.250"],
    [1_249.6, "1.250"],
    [-1_250, "-1.250"],
    [2 ** 53 - 1, "9007199254740.991"],
    [Number.POSITIVE_INFINITY, "Infinity"],
  ])("%d ns", (ns, text) => {
    expect(micros(ns)).toBe(text);
  });
});
