/** System calls about CPUs: which one this is, a memory barrier on all of them, and their end. */

import { type Addr, NULL } from "../../atomics/address.ts";
import { EAGAIN, EBUSY, ETIMEDOUT } from "../../atomics/errno.ts";
import type { Coroutine } from "../../atomics/step.ts";
import { NR_GETCPU, NR_MEMBARRIER, NR_REBOOT } from "../constants.ts";
import type { Kernel } from "../kernel.ts";
import { exitToUserMode, hasExitWork } from "../signals.ts";
import { CALL_NOTHING, callAndWait } from "../smp/call-function.ts";
import { CPU_READY } from "../smp/cpu-state.ts";
import { stopHere, stopOthers } from "../smp/stop.ts";
import { STEP_IDLE_SCAN } from "../steps.ts";
import { sysEnter, sysExit } from "./entry.ts";

/**
 * Stores the CPU the caller is on at `cpuAt` and its NUMA node at `nodeAt`, 32 bits each; NULL = not wanted. 0, -EFAULT. As
 * everywhere, both may be out of date when the caller looks, unless it is pinned.
 */
export function* sysGetcpu(kernel: Kernel, cpuAt: Addr, nodeAt: Addr): Coroutine<number> {
  const tid = sysEnter(kernel, NR_GETCPU, cpuAt);
  yield* kernel.host.sync();
  const cpu: number = kernel.cpu;
  const node = kernel.topology.socketOf(cpu);
  let result = cpuAt === NULL ? 0 : yield* kernel.access.putUser32(cpuAt, cpu);
  if (result === 0 && nodeAt !== NULL) result = yield* kernel.access.putUser32(nodeAt, node);
  if (hasExitWork(kernel, tid)) yield* exitToUserMode(kernel, tid);
  return sysExit(kernel, tid, NR_GETCPU, result);
}

/**
 * Every task that runs at the time of the call passes through a memory barrier before this returns: an IPI, which is one, to
 * each other CPU that runs a task, and a wait for all of them. MEMBARRIER_CMD_PRIVATE_EXPEDITED; all tasks are of one process. 0; -ETIMEDOUT
 * a CPU has not answered for a second; -EAGAIN one could not be asked.
 * Source: membarrier_private_expedited in kernel/sched/membarrier.c.
 */
export function* sysMembarrier(kernel: Kernel): Coroutine<number> {
  const tid = sysEnter(kernel, NR_MEMBARRIER, 0);
  yield* kernel.host.sync();
  const { cpus, smp, host, cpu: own } = kernel;
  const targets: number[] = [];
  for (let cpu = 0; cpu < cpus.count; cpu++) {
    if (cpu === own || smp.state(cpu) !== CPU_READY) continue;
    host.charge(STEP_IDLE_SCAN);
    if (cpus.curr(cpu) !== 0) targets.push(cpu);
  }
  const unanswered = yield* callAndWait(kernel, targets, CALL_NOTHING, 0);
  // A CPU that has stopped since runs nothing, and needs no barrier.
  const missing = unanswered.find(({ why }) => why !== "stopped");
  const result = missing === undefined ? 0 : missing.why === "no answer" ? -ETIMEDOUT : -EAGAIN;
  if (hasExitWork(kernel, tid)) yield* exitToUserMode(kernel, tid);
  return sysExit(kernel, tid, NR_MEMBARRIER, result);
}

/**
 * Stops all CPUs in order, the caller's last, and with them the machine: does not return. -EBUSY when it is being stopped
 * already. A CPU that does not stop within a second is left behind (`Machine.stopped` names it).
 */
export function* sysReboot(kernel: Kernel): Coroutine<number> {
  const tid = sysEnter(kernel, NR_REBOOT, 0);
  if (yield* stopOthers(kernel, `reboot by ${kernel.names.of(tid)} (tid ${tid})`))
    return yield* stopHere(kernel);
  if (hasExitWork(kernel, tid)) yield* exitToUserMode(kernel, tid);
  return sysExit(kernel, tid, NR_REBOOT, -EBUSY);
}
