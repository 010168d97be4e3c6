/**
 * A task's policy, nice level, priority and slice, changed in any state: __sched_setscheduler().
 *
 * Within the fair class a change is a new weight (`reweight`). Anything else takes the task out of its queue and puts it
 * back, in whichever class it belongs to then: a real-time task goes behind those of its new priority. A delayed sleeper
 * that leaves the fair class leaves its queue for good. Then, if class, priority or nice level are others, the CPU decides
 * anew: a current task may have become lower than one that waits, and one that waits higher than the current one. A new
 * slice alone, or a policy of the same class, is noticed when the CPU next has to decide.
 * Source: __sched_setscheduler, reweight_task, prio_changed_fair and prio_changed_rt in kernel/sched.
 */
import { IDLE_POLICY_WEIGHT, WEIGHT_OF_NICE } from "./fair-queue.ts";
import type { Kernel } from "./kernel.ts";
import { introduceRealtime } from "./rt-balance.ts";
import { isRealtime, SCHED_IDLE } from "./sched-table.ts";
import { checkNewcomer, lockQueueOf, reschedule } from "./wakeup.ts";

export interface Scheduling {
  /** SCHED_ number. */
  readonly policy: number;
  /** -20 to 19; kept, but without effect, under the idle and real-time policies. */
  readonly nice: number;
  /** 1 to 99 under fifo and rr, else 0. */
  readonly priority: number;
  /** Slice of its own, ns, 0 = the class's. */
  readonly sliceNs: number;
}

export function weightOf(policy: number, nice: number): number {
  return policy === SCHED_IDLE ? IDLE_POLICY_WEIGHT : WEIGHT_OF_NICE[nice + 20]!;
}

/** Gives `tid`, which has been prepared, other parameters. Atomic; the caller pays for the lines of the task's queue. */
export function setScheduling(kernel: Kernel, tid: number, to: Scheduling): void {
  const { tasks, cpus, host, scheduling } = kernel;
  if (isRealtime(to.policy)) introduceRealtime(kernel);
  const { fair } = kernel;
  const cpu = tasks.cpu(tid);
  const queued = fair.isQueued(tid);
  if (queued) lockQueueOf(kernel, cpu);
  const current = cpus.curr(cpu) === tid;
  const realtime = isRealtime(to.policy) || isRealtime(scheduling.policy(tid));
  const before = scheduling.nice(tid);
  if (realtime && queued) requeue(kernel, tid, cpu, current, to);
  else {
    change(kernel, tid, to);
    fair.reweight(cpu, tid, cpus.curr(cpu), weightOf(to.policy, to.nice), to.sliceNs, host.now);
  }
  if (!fair.isQueued(tid) || fair.isDelayed(tid)) return;
  if (!realtime && to.nice === before) return;
  if (!current) checkNewcomer(kernel, cpu, tid, false);
  else if (realtime || (to.nice > before && fair.nrQueued(cpu) > 1)) reschedule(kernel, cpu);
}

function change(kernel: Kernel, tid: number, { policy, nice, priority }: Scheduling): void {
  if (policy === SCHED_IDLE) kernel.record.idlePolicy = true;
  kernel.scheduling.set(tid, policy, nice, priority);
  kernel.fair.setPolicy(tid, policy);
}

/** Out of the queue of its class, and into that of the class it belongs to from now on. */
function requeue(kernel: Kernel, tid: number, cpu: number, current: boolean, to: Scheduling): void {
  const { fair, cpus, host } = kernel;
  const delayed = fair.isDelayed(tid);
  if (current) {
    fair.update(cpu, tid, host.now);
    fair.sleepCurrent(cpu, tid, true);
  } else fair.dequeueWaiting(cpu, tid, host.now);
  change(kernel, tid, to);
  fair.reweight(cpu, tid, 0, weightOf(to.policy, to.nice), to.sliceNs, host.now);
  if (delayed) return;
  fair.enqueue(cpu, tid, current ? 0 : cpus.curr(cpu), host.now, false);
  if (current) fair.begin(cpu, tid, host.now);
}
