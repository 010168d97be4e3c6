/** System calls about how and where tasks are scheduled. In all of them task 0 is the caller. */
import { EINVAL, ESRCH } from "../../atomics/errno.ts";
import type { Coroutine } from "../../atomics/step.ts";
import { affinityOf, setAffinity } from "../affinity.ts";
import { NR_SCHED_GETAFFINITY, NR_SCHED_SETAFFINITY, TASK_DEAD } from "../constants.ts";
import type { Kernel } from "../kernel.ts";
import { exitToUserMode, hasExitWork } from "../signals.ts";
import { anyUsable } from "../smp/affinity.ts";
import { sysEnter, sysExit } from "./entry.ts";
import { exists } from "./task.ts";

/**
 * Lets a task run on these CPUs only, from now on; the caller itself is on one of them when this returns. CPUs that the
 * machine does not have, or that did not come up, are left out, and so are all but its home of a task whose code is there. 0; -ESRCH no such task; -EINVAL no CPU is left, or what is listed is no CPU number.
 */
export function* sysSchedSetaffinity(
  kernel: Kernel,
  target: number,
  cpus: readonly number[],
): Coroutine<number> {
  const tid = sysEnter(kernel, NR_SCHED_SETAFFINITY, target);
  yield* kernel.host.sync();
  const of = target === 0 ? tid : target;
  const home = kernel.tasks.home(of) - 1;
  const present = cpus.filter((cpu) => cpu < kernel.cpus.count && (home < 0 || cpu === home));
  const valid = anyUsable(kernel, present) && cpus.every((cpu) => Number.isInteger(cpu) && cpu >= 0);
  const result = isAlive(kernel, of) ? (valid ? 0 : -EINVAL) : -ESRCH;
  if (result === 0) setAffinity(kernel, of, present);
  yield* kernel.host.sync();
  if (hasExitWork(kernel, tid)) yield* exitToUserMode(kernel, tid);
  return sysExit(kernel, tid, NR_SCHED_SETAFFINITY, result);
}

/** The CPUs a task may run on, in ascending order; -ESRCH no such task. */
export function* sysSchedGetaffinity(kernel: Kernel, target: number): Coroutine<readonly number[] | number> {
  const tid = sysEnter(kernel, NR_SCHED_GETAFFINITY, target);
  yield* kernel.host.sync();
  const of = target === 0 ? tid : target;
  const result = isAlive(kernel, of) ? affinityOf(kernel, of) : -ESRCH;
  if (hasExitWork(kernel, tid)) yield* exitToUserMode(kernel, tid);
  sysExit(kernel, tid, NR_SCHED_GETAFFINITY, typeof result === "number" ? result : result.length);
  return result;
}

function isAlive(kernel: Kernel, target: number): boolean {
  return exists(kernel, target) && kernel.tasks.state(target) !== TASK_DEAD;
}
