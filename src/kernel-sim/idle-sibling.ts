/**
 * The search for an idle CPU near a target: select_idle_sibling(). It never leaves the LLC of the target.
 *
 * A CPU counts as idle, too, if it runs nothing but tasks of the idle policy, which give way.
 *
 * In order, first answer wins: the target; the previous CPU; the CPU used before that; with SMT, a core that is idle as a
 * whole, or else a thread of the previous CPU's core; a scan of the LLC from behind the target; the target, busy as it is.
 *
 * What the search costs is charged to the waker, an `idleScan` for each CPU that a loop looks at: CPUs that the task may not
 * use are masked out beforehand and cost nothing. The single looks at target, previous and recent CPU are part of `wake`.
 * The scan is bounded by what periodic balancing last found out about the LLC (balance.ts); as long as there is no periodic
 * balancing it looks at every CPU. Clusters within an LLC and asymmetric capacities are not modelled.
 * Source: select_idle_sibling, select_idle_cpu, select_idle_core, select_idle_smt in kernel/sched/fair.c.
 */
import { IDLE_POLICY_WEIGHT } from "./fair-queue.ts";
import type { Kernel } from "./kernel.ts";
import { STEP_IDLE_SCAN } from "./steps.ts";

/** Where to queue `tid`, which slept on `prev`. An answer it may not use is `target` itself. */
export function selectIdleSibling(kernel: Kernel, tid: number, prev: number, target: number): number {
  const { tasks, topology, llcs } = kernel;
  if (isUsable(kernel, tid, target)) return target;
  const near = topology.shareCache(prev, target);
  if (prev !== target && near && isUsable(kernel, tid, prev)) return prev;
  const recent = tasks.recentUsedCpu(tid);
  tasks.setRecentUsedCpu(tid, prev);
  const another = recent !== prev && recent !== target && topology.shareCache(recent, target);
  if (another && isUsable(kernel, tid, recent)) return recent;
  const idleCore = topology.smt > 1 && llcs.hasIdleCore(topology.llcOf(target));
  if (topology.smt > 1 && !idleCore && near) {
    const sibling = findIdleThread(kernel, tid, prev);
    if (sibling >= 0) return sibling;
  }
  const limit = llcs.nrIdleScan(topology.llcOf(target));
  if (limit === 0) return target;
  const idle = idleCore ? findIdleCore(kernel, tid, target) : scanForIdle(kernel, tid, target, limit);
  return idle >= 0 ? idle : target;
}

/** available_idle_cpu() or sched_idle_cpu(), within the task's affinity. */
function isUsable(kernel: Kernel, tid: number, cpu: number): boolean {
  return isAsIdle(kernel, cpu) && kernel.tasks.allows(tid, cpu);
}

function isAsIdle(kernel: Kernel, cpu: number): boolean {
  return kernel.cpus.isIdle(cpu) || isBelowAll(kernel, cpu);
}

/** sched_idle_cpu(): all tasks of `cpu`, and there are some, have the idle policy. No other has its weight, or so little. */
function isBelowAll({ record, fair }: Kernel, cpu: number): boolean {
  if (!record.idlePolicy) return false;
  const running = fair.nrRunning(cpu);
  return running > 0 && fair.load(cpu) === IDLE_POLICY_WEIGHT * running;
}

/** The first idle allowed CPU after `target`, cyclically, among the first `limit` of its LLC; -1 when there is none. */
function scanForIdle(kernel: Kernel, tid: number, target: number, limit: number): number {
  const { tasks, host, topology } = kernel;
  const first = topology.first(target, topology.llcWidth);
  const width = topology.end(target, topology.llcWidth) - first;
  let left = limit;
  for (let distance = 1; distance < width && left > 0; distance++) {
    const cpu = first + ((target - first + distance) % width);
    if (!tasks.allows(tid, cpu)) continue;
    left--;
    host.charge(STEP_IDLE_SCAN);
    if (isAsIdle(kernel, cpu)) return cpu;
  }
  return -1;
}

/** Another thread of the core of `prev` that is idle and allowed, or -1. */
function findIdleThread(kernel: Kernel, tid: number, prev: number): number {
  const { tasks, host, topology } = kernel;
  const end = topology.end(prev, topology.smt);
  for (let cpu = topology.first(prev, topology.smt); cpu < end; cpu++) {
    if (cpu === prev || !tasks.allows(tid, cpu)) continue;
    host.charge(STEP_IDLE_SCAN);
    if (isAsIdle(kernel, cpu)) return cpu;
  }
  return -1;
}

/**
 * A CPU of a core whose threads are all idle, in the order of the scan; else the first idle allowed CPU that the search
 * came across, or -1. A vain search takes back what was believed.
 */
function findIdleCore(kernel: Kernel, tid: number, target: number): number {
  const { tasks, topology, llcs } = kernel;
  const first = topology.first(target, topology.llcWidth);
  const width = topology.end(target, topology.llcWidth) - first;
  let seen = -1;
  let idle = -1;
  for (let distance = 1; distance < width; distance++) {
    const cpu = first + ((target - first + distance) % width);
    // The threads of a core are looked at together, when the first of them that is allowed comes up.
    if (!tasks.allows(tid, cpu) || topology.coreOf(cpu) === seen) continue;
    seen = topology.coreOf(cpu);
    const found = lookAtCore(kernel, tid, cpu, idle);
    if (found === WHOLE) return cpu;
    idle = found;
  }
  llcs.setHasIdleCore(topology.llcOf(target), false);
  return idle;
}

const WHOLE = -2;

/** WHOLE when the core of `cpu` is idle; else an idle allowed CPU: `idle`, if one was known, or one of this core, or -1. */
function lookAtCore(kernel: Kernel, tid: number, cpu: number, idle: number): number {
  const { cpus, host, topology } = kernel;
  const end = topology.end(cpu, topology.smt);
  let whole = true;
  let known = idle;
  for (let thread = topology.first(cpu, topology.smt); thread < end; thread++) {
    host.charge(STEP_IDLE_SCAN);
    if (!cpus.isIdle(thread)) whole = false;
    if (known < 0 && isUsable(kernel, tid, thread)) known = thread;
    if (!whole && known >= 0) return known;
  }
  return whole ? WHOLE : known;
}

/** __update_idle_core(): `cpu` has become idle. If the other threads of its core are, too, the LLC has an idle core. */
export function noteIdleCore(kernel: Kernel, cpu: number): void {
  const { cpus, topology, llcs } = kernel;
  const llc = topology.llcOf(cpu);
  if (llcs.hasIdleCore(llc)) return;
  const end = topology.end(cpu, topology.smt);
  for (let thread = topology.first(cpu, topology.smt); thread < end; thread++) {
    if (thread !== cpu && !cpus.isIdle(thread)) return;
  }
  llcs.setHasIdleCore(llc, true);
}
