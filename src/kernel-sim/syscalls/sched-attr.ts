/** sched_setattr(2) and sched_getattr(2). Task 0 is the caller. */
import { EINVAL, ESRCH } from "../../atomics/errno.ts";
import type { Coroutine } from "../../atomics/step.ts";
import { NR_SCHED_GETATTR, NR_SCHED_SETATTR, TASK_DEAD } from "../constants.ts";
import type { Kernel } from "../kernel.ts";
import { RR_SLICE_NS } from "../rt-queue.ts";
import {
  isRealtime,
  policyName,
  policyNumber,
  SCHED_POLICIES,
  SCHED_RR,
  type SchedPolicy,
} from "../sched-table.ts";
import { type Scheduling, setScheduling } from "../set-scheduling.ts";
import { exitToUserMode, hasExitWork } from "../signals.ts";
import { sysEnter, sysExit } from "./entry.ts";
import { exists } from "./task.ts";

export interface SchedAttr {
  readonly policy: SchedPolicy;
  /** -20 (most CPU) to 19. */
  readonly nice: number;
  /** 1 to 99 under "fifo" and "rr", else 0. */
  readonly priority: number;
  /** Slice, ns. Of a fair task: its own or the class's; 100 ms under "rr", 0 under "fifo". */
  readonly runtimeNs: number;
}

const SHORTEST_SLICE_NS = 100_000;
const LONGEST_SLICE_NS = 100_000_000;

/**
 * Changes how a task is scheduled; what is left out stays as it is. 0; -ESRCH no such task; -EINVAL no such policy, a
 * priority that does not go with the policy, or what is no number. As in Linux `nice` is clamped to -20 to 19, and
 * `runtimeNs` to 0.1 to 100 ms; 0 gives the class's slice back. A machine with one queue for all CPUs knows no "fifo", "rr".
 */
export function* sysSchedSetattr(
  kernel: Kernel,
  target: number,
  attr: Partial<SchedAttr>,
): Coroutine<number> {
  const tid = sysEnter(kernel, NR_SCHED_SETATTR, target);
  yield* kernel.host.sync();
  const of = target === 0 ? tid : target;
  const to = isAlive(kernel, of) ? scheduling(kernel, of, attr) : undefined;
  const result = isAlive(kernel, of) ? (to === undefined ? -EINVAL : 0) : -ESRCH;
  if (to !== undefined) setScheduling(kernel, of, to);
  yield* kernel.host.sync();
  if (hasExitWork(kernel, tid)) yield* exitToUserMode(kernel, tid);
  return sysExit(kernel, tid, NR_SCHED_SETATTR, result);
}

/** What a task's parameters become; undefined = invalid. */
function scheduling(kernel: Kernel, tid: number, attr: Partial<SchedAttr>): Scheduling | undefined {
  const table = kernel.scheduling;
  const name = attr.policy ?? policyName(table.policy(tid));
  if (!SCHED_POLICIES.includes(name)) return undefined;
  const policy = policyNumber(name);
  const nice = attr.nice ?? table.nice(tid);
  const realtime = isRealtime(policy);
  const priority = attr.priority ?? (realtime ? table.priority(tid) : 0);
  const runtimeNs = attr.runtimeNs ?? ownSlice(kernel, tid);
  if (![nice, priority, runtimeNs].every(Number.isInteger) || runtimeNs < 0) return undefined;
  if (realtime ? priority < 1 || priority > 99 || kernel.fair.shared : priority !== 0) return undefined;
  const sliceNs = runtimeNs === 0 ? 0 : clamp(runtimeNs, SHORTEST_SLICE_NS, LONGEST_SLICE_NS);
  return { policy, nice: clamp(nice, -20, 19), priority, sliceNs };
}

/** 0 = that of the class. */
function ownSlice(kernel: Kernel, tid: number): number {
  const slice = kernel.fair.sliceNs(tid);
  return slice === kernel.config.sliceNs ? 0 : slice;
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}

/** How a task is scheduled, or -ESRCH. */
export function* sysSchedGetattr(kernel: Kernel, target: number): Coroutine<SchedAttr | number> {
  const tid = sysEnter(kernel, NR_SCHED_GETATTR, target);
  yield* kernel.host.sync();
  const of = target === 0 ? tid : target;
  const result = isAlive(kernel, of) ? attrOf(kernel, of) : -ESRCH;
  if (hasExitWork(kernel, tid)) yield* exitToUserMode(kernel, tid);
  sysExit(kernel, tid, NR_SCHED_GETATTR, typeof result === "number" ? result : 0);
  return result;
}

function attrOf(kernel: Kernel, tid: number): SchedAttr {
  const { scheduling: table, fair } = kernel;
  const policy = table.policy(tid);
  const turn = policy === SCHED_RR ? RR_SLICE_NS : 0;
  return {
    policy: policyName(policy),
    nice: table.nice(tid),
    priority: table.priority(tid),
    runtimeNs: isRealtime(policy) ? turn : fair.sliceNs(tid),
  };
}

function isAlive(kernel: Kernel, target: number): boolean {
  return exists(kernel, target) && kernel.tasks.state(target) !== TASK_DEAD;
}
