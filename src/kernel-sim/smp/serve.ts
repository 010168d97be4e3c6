/**
 * Emptying the mailbox of the executing CPU: by its IPI handler when it runs a task, by its idle loop when it does not.
 *
 * Order: calls, then reschedule, then stop. A call may itself ask for a reschedule; and a CPU that has been told to stop
 * first answers whoever waits for it.
 */
import { TRACE_IPI_RECEIVE } from "../../trace/events.ts";
import type { Kernel } from "../kernel.ts";
import { drainWakeList } from "../wakeup.ts";
import { serveCalls } from "./call-function.ts";
import { IPI_CALL, IPI_STOP, IPI_VECTOR_BITS, IPI_VECTORS } from "./mailbox.ts";
import { takeStop } from "./stop.ts";

/** The IPI handler. A running CPU empties its mailbox here; an idle one does so on its way out of the idle loop. */
export function handleIpi(kernel: Kernel, running: boolean): void {
  const { cpus, smp, trace, cpu } = kernel;
  cpus.setIpisReceived(cpu, cpus.ipisReceived(cpu) + 1);
  const raised = smp.raised(cpu);
  smp.setRaised(cpu, 0);
  for (let vector = 0; vector < IPI_VECTORS.length; vector++) {
    if (((raised >>> vector) & 1) === 1) smp.countReceived(cpu, vector);
  }
  if (trace.on) kernel.emit(TRACE_IPI_RECEIVE, 0, raised, 0);
  if (running) serveMailbox(kernel, false);
}

/** `idle`: the CPU is in its idle loop, and holds nothing. Returns whether it goes on: false, it has stopped. */
export function serveMailbox(kernel: Kernel, idle: boolean): boolean {
  const { cpus, cpu } = kernel;
  const pending = cpus.pending(cpu);
  cpus.setPending(cpu, pending & ~IPI_VECTOR_BITS);
  if ((pending & IPI_CALL) !== 0) {
    if (cpus.wakeListHead(cpu) !== 0) drainWakeList(kernel, cpu);
    if (!kernel.callQueues.isEmpty(cpu)) serveCalls(kernel);
  }
  return (pending & IPI_STOP) === 0 || takeStop(kernel, idle);
}
