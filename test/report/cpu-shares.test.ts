// Utilisation from a trace alone.
import { expect, test } from "vitest";
import { UMCG_NUMBERS } from "../../src/bench/trace-names.ts";
import { cpuShares } from "../../src/report/model/cpu-shares.ts";
import { EventLog } from "../../src/report/model/event-log.ts";
import { TRACE_SCHED_SWITCH, TRACE_SYS_ENTER, TRACE_SYS_EXIT } from "../../src/trace/events.ts";

test("a vCPU is in user mode, in the kernel, or idle", () => {
  const log = new EventLog(100);
  log.event(0, TRACE_SCHED_SWITCH, 0, 7, 0, 0);
  log.event(30, TRACE_SYS_ENTER, 0, 7, 1, 0);
  log.event(50, TRACE_SYS_EXIT, 0, 7, 1, 0);
  log.event(60, TRACE_SCHED_SWITCH, 0, 0, 7, 1);
  log.event(100, TRACE_SCHED_SWITCH, 0, 7, 0, 0);
  const [first, second] = cpuShares(log, 2, UMCG_NUMBERS);
  expect(first).toEqual({
    cpu: 0,
    userNs: 40,
    systemNs: 20,
    interruptNs: 0,
    idleExitNs: 0,
    idleNs: 40,
    wallNs: 100,
  });
  // Of which the trace has nothing.
  expect(second).toMatchObject({ cpu: 1, userNs: 0, systemNs: 0, idleNs: 100 });
});
