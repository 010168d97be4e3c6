/**
 * Choosing the CPU for a task that wakes: select_task_rq_fair(), its fast path.
 *
 * A task that may use only one CPU gets it, and nothing is looked at. For others, in order, first answer wins:
 * WF_CURRENT_CPU; wake-affine between the waker's CPU and the previous one; the idle sibling search from there
 * (idle-sibling.ts). WF_SYNC only biases the second: since the waker's own CPU is busy running the waker, the search still
 * moves the wakee to any idle CPU of the LLC. That gap is what WF_CURRENT_CPU closes.
 *
 * Linux walks the domains upward from the waker's CPU to the first wake-affine one that holds the previous CPU. All are
 * wake-affine here, so that is the lowest level they have in common; a wake-up never takes the slow path (idlest-cpu.ts).
 * Sources: record_wakee, wake_wide, wake_affine in kernel/sched/fair.c.
 */
import { WF_CURRENT_CPU, WF_SYNC } from "./constants.ts";
import { selectIdleSibling } from "./idle-sibling.ts";
import type { Kernel } from "./kernel.ts";
import type { TaskTable } from "./task-table.ts";

const FLIP_DECAY_NS = 1_000_000_000;

/** The CPU that task `tid`, now WAKING, shall be queued on. Charges the scan to the waker. */
export function selectTaskRq(kernel: Kernel, tid: number, flags: number): number {
  const { tasks, cpus } = kernel;
  const prev = tasks.cpu(tid);
  if (cpus.count === 1) return 0;
  const only = onlyCpu(kernel.tasks, tid);
  if (only >= 0) return only;
  if (kernel.selector !== undefined) {
    const own = kernel.selector(tid, flags);
    if (own >= 0) return own;
  }
  const here: number = kernel.cpu;
  if (kernel.current !== 0) recordWakee(kernel, kernel.current, tid);
  if ((flags & WF_CURRENT_CPU) !== 0 && tasks.allows(tid, here)) return here;
  const target = tasks.allows(tid, here)
    ? wakeAffine(kernel, tid, here, prev, (flags & WF_SYNC) !== 0)
    : prev;
  const chosen = selectIdleSibling(kernel, tid, prev, target);
  return tasks.allows(tid, chosen) ? chosen : firstAllowed(kernel, tid);
}

/** The CPU of a task that may use but one, for which nothing has to be looked at; else -1. */
export function onlyCpu({ allowed, maskWords }: TaskTable, tid: number): number {
  let only = -1;
  for (let word = 0; word < maskWords; word++) {
    const mask = allowed[tid * maskWords + word]!;
    if (mask === 0) continue;
    if (only >= 0 || (mask & (mask - 1)) !== 0) return -1;
    only = 32 * word + 31 - Math.clz32(mask);
  }
  return only;
}

function recordWakee(kernel: Kernel, waker: number, wakee: number): void {
  const { tasks, host } = kernel;
  if (host.now > tasks.flipDecayAt(waker) + FLIP_DECAY_NS) {
    tasks.setWakeeFlips(waker, tasks.wakeeFlips(waker) >> 1);
    tasks.setFlipDecayAt(waker, host.now);
  }
  if (tasks.lastWakee(waker) !== wakee) {
    tasks.setLastWakee(waker, wakee);
    tasks.setWakeeFlips(waker, tasks.wakeeFlips(waker) + 1);
  }
}

/** Which of the two CPUs to start the search from. */
function wakeAffine(kernel: Kernel, tid: number, here: number, prev: number, sync: boolean): number {
  const { cpus, fair, topology } = kernel;
  if (here === prev || isWide(kernel, tid, here)) return prev;
  // An interrupt on an idle CPU: stay where the interrupt came in, unless prev is idle too.
  if (cpus.isIdle(here) && topology.shareCache(here, prev)) return cpus.isIdle(prev) ? prev : here;
  if (sync && fair.nrRunning(here) === 1) return here;
  if (cpus.isIdle(prev)) return prev;
  const own = sync ? fair.weight(kernel.current) : 0;
  const percent = 100 + ((topology.commonLevel(here, prev).imbalancePct - 100) >> 1);
  const hereLoad = (fair.load(here) - own + fair.weight(tid)) * 100;
  const prevLoad = fair.load(prev) * percent;
  return hereLoad < prevLoad || (hereLoad === prevLoad && sync) ? here : prev;
}

/** wake_wide(): the pair's fan-out exceeds the LLC, pulling wakees to one CPU would pile them up. */
function isWide(kernel: Kernel, wakee: number, here: number): boolean {
  const waker = kernel.current;
  if (waker === 0) return false;
  const { topology, tasks } = kernel;
  const factor = topology.end(here, topology.llcWidth) - topology.first(here, topology.llcWidth);
  const a = tasks.wakeeFlips(waker);
  const b = tasks.wakeeFlips(wakee);
  const [small, large] = a < b ? [a, b] : [b, a];
  return small >= factor && large >= small * factor;
}

function firstAllowed(kernel: Kernel, tid: number): number {
  for (let cpu = 0; cpu < kernel.cpus.count; cpu++) if (kernel.tasks.allows(tid, cpu)) return cpu;
  return kernel.tasks.cpu(tid);
}
