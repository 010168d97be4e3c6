/**
 * Choosing the CPU for a task that wakes: select_task_rq_fair(), one LLC holding all CPUs.
 *
 * A task that may use only one CPU gets it, and nothing is looked at. For others, in order, first answer wins:
 * WF_CURRENT_CPU; wake-affine between the waker's CPU and the previous one; the idle sibling search from there. WF_SYNC
 * only biases the second: since the waker's own CPU is busy running the waker, the search still moves the wakee to any
 * idle CPU. That gap is what WF_CURRENT_CPU closes.
 * Sources: record_wakee, wake_affine, select_idle_sibling in kernel/sched/fair.c (scheduler.md A.3).
 */
import { WF_CURRENT_CPU, WF_SYNC } from "./constants.ts";
import type { Kernel } from "./kernel.ts";
import { STEP_IDLE_SCAN } from "./steps.ts";

const FLIP_DECAY_NS = 1_000_000_000;
/** imbalance_pct of a domain: how much busier the waker's CPU may be. */
const IMBALANCE_PCT = 117;

/** The CPU that task `tid`, now WAKING, shall be queued on. Charges the scan to the waker. */
export function selectTaskRq(kernel: Kernel, tid: number, flags: number): number {
  const { tasks, cpus } = kernel;
  const prev = tasks.cpu(tid);
  if (cpus.count === 1) return 0;
  const only = onlyCpu(kernel, tid);
  if (only >= 0) return only;
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
function onlyCpu(kernel: Kernel, tid: number): number {
  const { allowed, maskWords } = kernel.tasks;
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
  const { cpus, fair } = kernel;
  if (here === prev || isWide(kernel, tid)) return prev;
  // An interrupt on an idle CPU: stay where the interrupt came in, unless prev is idle too.
  if (cpus.curr(here) === 0) return cpus.isIdle(prev) ? prev : here;
  if (sync && fair.nrRunning(here) === 1) return here;
  if (cpus.isIdle(prev)) return prev;
  const own = sync ? fair.weight(kernel.current) : 0;
  const hereLoad = (fair.load(here) - own + fair.weight(tid)) * 100;
  const prevLoad = fair.load(prev) * (100 + (IMBALANCE_PCT - 100) / 2);
  return hereLoad < prevLoad || (hereLoad === prevLoad && sync) ? here : prev;
}

/** wake_wide(): the pair's fan-out exceeds the LLC, pulling wakees to one CPU would pile them up. */
function isWide(kernel: Kernel, wakee: number): boolean {
  const waker = kernel.current;
  if (waker === 0) return false;
  const a = kernel.tasks.wakeeFlips(waker);
  const b = kernel.tasks.wakeeFlips(wakee);
  const [small, large] = a < b ? [a, b] : [b, a];
  return small >= kernel.cpus.count && large >= small * kernel.cpus.count;
}

function selectIdleSibling(kernel: Kernel, tid: number, prev: number, target: number): number {
  const { tasks, cpus } = kernel;
  const usable = (cpu: number): boolean => cpus.isIdle(cpu) && tasks.allows(tid, cpu);
  if (usable(target)) return target;
  if (prev !== target && usable(prev)) return prev;
  const recent = tasks.recentUsedCpu(tid);
  tasks.setRecentUsedCpu(tid, prev);
  if (recent !== prev && recent !== target && usable(recent)) return recent;
  const idle = scanForIdle(kernel, tid, target);
  return idle >= 0 ? idle : target;
}

/** The first idle allowed CPU after `target`, cyclically; -1 when there is none. Every CPU looked at is charged. */
function scanForIdle(kernel: Kernel, tid: number, target: number): number {
  const { cpus, tasks, host } = kernel;
  for (let distance = 1; distance < cpus.count; distance++) {
    const cpu = (target + distance) % cpus.count;
    host.charge(STEP_IDLE_SCAN);
    if (cpus.isIdle(cpu) && tasks.allows(tid, cpu)) return cpu;
  }
  return -1;
}

function firstAllowed(kernel: Kernel, tid: number): number {
  for (let cpu = 0; cpu < kernel.cpus.count; cpu++) if (kernel.tasks.allows(tid, cpu)) return cpu;
  return kernel.tasks.cpu(tid);
}
