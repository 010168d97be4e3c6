/** Per-task one-shot timers and the tick, as the interrupts that the host delivers. Atomic steps. */
import { TRACE_TICK, TRACE_TIMER_EXPIRE } from "../trace/events.ts";
import { TASK_NORMAL } from "./constants.ts";
import type { Kernel } from "./kernel.ts";
import { reschedule, tryToWakeUp } from "./wakeup.ts";

/** A task's timer fired on the executing CPU, in interrupt context: wakes the sleeper. */
export function timerExpired(kernel: Kernel, tid: number): void {
  const { tasks, cpus, host, trace, cpu } = kernel;
  tasks.setTimerArmed(tid, 0);
  cpus.setWakeStart(cpu, host.now);
  if (trace.on) kernel.emit(TRACE_TIMER_EXPIRE, tid, 0, 0);
  tryToWakeUp(kernel, tid, TASK_NORMAL, 0);
}

/** The tick of the executing CPU. Returns whether another one is needed: only while somebody waits for the CPU. */
export function tick(kernel: Kernel): boolean {
  const { fair, host, trace, cpu } = kernel;
  const curr = kernel.cpus.curr(cpu);
  if (trace.on) kernel.emit(TRACE_TICK, curr, 0, 0);
  if (fair.tick(cpu, curr, host.now)) reschedule(kernel, cpu);
  return fair.nrRunning(cpu) > 1;
}
