/**
 * Where the time of each vCPU went, from the trace alone: for machines that keep no accounts. What interrupts and the way out of
 * idle took is in what was there before them.
 */
import type { UmcgNumbers } from "../../trace/umcg-roles.ts";
import type { EventLog } from "./event-log.ts";
import type { CpuShare } from "./report-data.ts";
import * as states from "./states.ts";
import { buildTimeline } from "./timeline.ts";

/** Of all that the log has. */
export function cpuShares(log: EventLog, vcpus: number, umcg: UmcgNumbers): CpuShare[] {
  const { cpus, startNs, endNs } = buildTimeline(log, { vcpus, taskName: String, umcg });
  return cpus.map((track) => {
    const spent = new Float64Array(states.STATES);
    if (track.length > 0) track.before(endNs, spent);
    const sum = (...which: readonly number[]): number => which.reduce((all, state) => all + spent[state]!, 0);
    const userNs = sum(states.STATE_TASK, states.STATE_SERVER, states.STATE_WORKER);
    const systemNs = sum(states.STATE_TASK_KERNEL, states.STATE_SERVER_KERNEL, states.STATE_WORKER_KERNEL);
    const wallNs = endNs - startNs;
    const idleNs = wallNs - userNs - systemNs;
    return { cpu: track.id, userNs, systemNs, interruptNs: 0, idleExitNs: 0, idleNs, wallNs };
  });
}
