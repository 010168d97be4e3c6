/**
 * Sending to another CPU: set a bit in its mailbox, add to its doorbell, notify it.
 *
 * | bit            | stands for                                                                                         |
 * |----------------|----------------------------------------------------------------------------------------------------|
 * | IPI_RESCHEDULE | "look at your flags": resched_curr(), kick_process(). The flag was set before the send              |
 * | IPI_CALL       | "your wake list or your call queue is not empty"; what is to be done is in there                    |
 * | IPI_STOP       | "stop" (stop.ts)                                                                                   |
 *
 * Bits coalesce: a second send before the first is served has the same effect, so a mailbox is bounded whatever is sent,
 * and nothing is lost by a full queue as with UML's queued signals.
 *
 * No lost wake-up. A sender sets the bit, then adds to the doorbell, then notifies. A CPU that wants to sleep reads the
 * doorbell, tests every class of pending bit and need_resched, and sleeps only while the doorbell is what it read. If its
 * test missed the bit, the add comes after the read, and the sleep ends at once or is ended by the notification. On the
 * virtual host test and sleep are one atomic step (idleTurn), so the doorbell need not be compared: who sends before
 * that step is seen by it, who sends after it sees IDLE_ASLEEP and raises an interrupt.
 *
 * An interrupt that is already on its way is not raised a second time.
 * Sources: User Mode Linux (docs/uml.md); call_function_single_prep_ipi() in kernel/sched/core.c (an idle CPU that polls is told
 * through its flag line).
 */
import { TRACE_IPI_SEND } from "../../trace/events.ts";
import { IDLE_ASLEEP, IDLE_NOT } from "../cpu-table.ts";
import { MachineError } from "../errors.ts";
import { cpuId } from "../ids.ts";
import type { Kernel } from "../kernel.ts";
import { STEP_IPI_SEND } from "../steps.ts";
import { CPU_READY, CPU_STOPPED, CPU_STOPPING } from "./cpu-state.ts";

export const IPI_RESCHEDULE = 1;
export const IPI_CALL = 2;
export const IPI_STOP = 4;
export const IPI_VECTOR_BITS: number = IPI_RESCHEDULE | IPI_CALL | IPI_STOP;

/** By number of the bit: the row of /proc/interrupts, and the word in traces. */
export const IPI_VECTORS = [
  { row: "RES", name: "reschedule" },
  { row: "CAL", name: "call" },
  { row: "STP", name: "stop" },
] as const;

/** A set of IPI_ bits in words, for traces: "reschedule+call". */
export function ipiNames(bits: number): string {
  return IPI_VECTORS.filter((_, vector) => ((bits >>> vector) & 1) === 1)
    .map(({ name }) => name)
    .join("+");
}

/**
 * What became of a send: an interrupt or a flag write is on its way; one that was on its way already carries this, too;
 * the CPU is not READY yet, or failed; it is stopping or has stopped; the host would not take it.
 */
export type SendResult = "sent" | "coalesced" | "not-online" | "stopped" | "refused";

/** How often a send is tried that the host refuses. */
export const SEND_TRIES = 16;

/** Makes another CPU look: through its flag line while it polls in idle, else by an IPI. `vector`: one IPI_ bit. */
export function signalCpu(kernel: Kernel, cpu: number, vector: number): SendResult {
  const { cpus, smp, host, trace } = kernel;
  if (smp.state(cpu) !== CPU_READY) return offline(kernel, cpu);
  cpus.setPending(cpu, cpus.pending(cpu) | vector);
  smp.setDoorbell(cpu, (smp.doorbell(cpu) + 1) | 0);
  const phase = cpus.idlePhase(cpu);
  // On its way into or out of idle a CPU looks at its mailbox of its own accord.
  if (phase !== IDLE_NOT && (phase !== IDLE_ASLEEP || kernel.idle.polls(cpu, host.now))) {
    cpus.setNeedResched(cpu, 1);
    host.charge(kernel.topology.lineStep(kernel.cpu, cpu));
    host.pokePolling(cpuId(cpu));
    return "sent";
  }
  host.charge(STEP_IPI_SEND);
  let raised = host.raiseIpi(cpuId(cpu));
  if (raised === "refused") raised = tryAgain(kernel, cpu);
  if (raised === "refused") return "refused";
  smp.setRaised(cpu, smp.raised(cpu) | vector);
  if (raised === "pending") {
    cpus.setIpisCoalesced(cpu, cpus.ipisCoalesced(cpu) + 1);
    return "coalesced";
  }
  cpus.setIpisSent(kernel.cpu, cpus.ipisSent(kernel.cpu) + 1);
  if (trace.on) kernel.emit(TRACE_IPI_SEND, kernel.current, cpu, vector);
  return "sent";
}

/** `signalCpu` for a wake-up, which has nobody to tell. */
export function wakeCpu(kernel: Kernel, cpu: number, vector: number): void {
  const result = signalCpu(kernel, cpu, vector);
  if (result !== "sent" && result !== "coalesced") undelivered(cpu, result);
}

function offline(kernel: Kernel, cpu: number): SendResult {
  const state = kernel.smp.state(cpu);
  return state === CPU_STOPPING || state === CPU_STOPPED ? "stopped" : "not-online";
}

function tryAgain(kernel: Kernel, cpu: number): "raised" | "pending" | "refused" {
  const { host } = kernel;
  for (let tries = 1; tries < SEND_TRIES; tries++) {
    host.charge(STEP_IPI_SEND);
    const raised = host.raiseIpi(cpuId(cpu));
    if (raised !== "refused") return raised;
  }
  return "refused";
}

/** What waits on the queue of a CPU that has stopped waits for ever. Otherwise a task would sleep on unnoticed. */
function undelivered(cpu: number, result: SendResult): void {
  if (result === "stopped") return;
  if (result === "not-online")
    throw new Error(`kernel bug: a task was placed on CPU ${cpu}, which is not ready`);
  throw new MachineError("ERR_HOST", `the host refused ${SEND_TRIES} times to interrupt CPU ${cpu}`);
}
