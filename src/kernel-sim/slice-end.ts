/**
 * Slices that end when they end and not at the tick: hrtick. One timer a CPU, for the slice of its current task.
 *
 * Off in eevdf-6.12 and the default here; 7.2 has it on by default where its deferred re-arming is configured. Round robin
 * has it always. The timer is armed when a task begins to run beside others and when the first other comes, and disarmed
 * at every switch. Arming costs the CPU what programming its clock device costs, firing costs a tick. Linux asks the CPU
 * by an IPI to arm its own timer when a task is queued from elsewhere; here that is free.
 * Source: hrtick_start_fair and hrtick_update in kernel/sched/fair.c.
 */
import { cpuId } from "./ids.ts";
import type { Kernel } from "./kernel.ts";
import { STEP_TIMER_REPROGRAM } from "./steps.ts";

/** The current task of `cpu` has company: its slice will have an end. */
export function armSliceEnd(kernel: Kernel, cpu: number): void {
  const { cpus, fair, host } = kernel;
  const left = fair.sliceLeft(cpu, cpus.curr(cpu), host.now);
  if (!(left > 0 && left < Number.POSITIVE_INFINITY)) return;
  if (cpu === kernel.cpu) host.charge(STEP_TIMER_REPROGRAM);
  host.armSliceEnd(cpuId(cpu), host.now + left);
}

/** The executing CPU has switched to another task, or to idle. */
export function renewSliceEnd(kernel: Kernel): void {
  const { cpus, host, cpu } = kernel;
  host.cancelSliceEnd(cpuId(cpu));
  if (cpus.curr(cpu) !== 0) armSliceEnd(kernel, cpu);
}
