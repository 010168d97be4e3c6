/**
 * Device interrupts: which CPU a line interrupts, and what runs there.
 *
 * | affinity of the line        | its interrupt goes to                                                                      |
 * |-----------------------------|--------------------------------------------------------------------------------------------|
 * | none (the default)          | the CPU that made the request, so that what it wakes is where its caches are               |
 * | a CPU                       | that CPU                                                                                     |
 *
 * A CPU that is not READY takes none: the lowest one that is takes its place; when there is none the interrupt is lost, as on
 * a machine that is off. A line that is raised again before its handler has run is one interrupt, so a CPU with interrupts
 * off is never owed more than one a line. Handlers run in interrupt context, in order of their lines.
 *
 * UML sends every device interrupt to CPU 0 and refuses to change that; here the table is there from the first day.
 * Source: User Mode Linux, which routes to CPU 0 (docs/uml.md).
 */
import { MachineError } from "../errors.ts";
import { cpuId } from "../ids.ts";
import type { Kernel } from "../kernel.ts";
import { CPU_READY } from "./cpu-state.ts";
import { type IrqHandler, MAX_IRQS } from "./irq-table.ts";

/** A line of its own for a device. Throws ERR_CONFIG when all are taken. */
export function requestIrq(kernel: Kernel, handler: IrqHandler): number {
  const line = kernel.smp.irqs.handlers.length;
  if (line === MAX_IRQS)
    throw new MachineError("ERR_CONFIG", `no interrupt line left: there are ${MAX_IRQS}`);
  kernel.smp.irqs.handlers.push(handler);
  return line;
}

/** Directs a line to `cpu`, from its next interrupt on; undefined: to whoever makes the request. Throws ERR_CONFIG. */
export function setIrqAffinity(kernel: Kernel, line: number, cpu: number | undefined): void {
  checkLine(kernel, line);
  if (cpu !== undefined && !(Number.isInteger(cpu) && cpu >= 0 && cpu < kernel.smp.count)) {
    throw new MachineError(
      "ERR_CONFIG",
      `an interrupt goes to a CPU from 0 to ${kernel.smp.count - 1}, got ${cpu}`,
    );
  }
  kernel.smp.irqs.setAffinity(line, cpu === undefined ? 0 : cpu + 1);
}

/**
 * A device raises its line, for a request that CPU `requester` has made. "coalesced": it was raised already, or is on its
 * way with others; "lost": no CPU takes interrupts any more.
 */
export function raiseIrq(kernel: Kernel, line: number, requester: number): "raised" | "coalesced" | "lost" {
  checkLine(kernel, line);
  const { host } = kernel;
  const { irqs } = kernel.smp;
  if (irqs.pendingOn(line) !== 0) return "coalesced";
  const cpu = targetOf(kernel, line, requester);
  if (cpu < 0) return "lost";
  irqs.setPendingOn(line, cpu + 1);
  return host.raiseDevice(cpuId(cpu)) ? "raised" : "coalesced";
}

function checkLine(kernel: Kernel, line: number): void {
  if (kernel.smp.irqs.handlers[line] === undefined)
    throw new MachineError("ERR_CONFIG", `no interrupt line ${line}`);
}

function targetOf(kernel: Kernel, line: number, requester: number): number {
  const { smp } = kernel;
  const { irqs } = smp;
  const wanted = irqs.affinity(line) === 0 ? requester : irqs.affinity(line) - 1;
  if (smp.state(wanted) === CPU_READY) return wanted;
  for (let cpu = 0; cpu < smp.count; cpu++) if (smp.state(cpu) === CPU_READY) return cpu;
  return -1;
}

/** The device interrupt of the executing CPU: runs the handlers of the lines that wait for it. */
export function serveIrqs(kernel: Kernel): void {
  const { smp, cpu } = kernel;
  const { irqs } = smp;
  for (let line = 0; line < irqs.handlers.length; line++) {
    if (irqs.pendingOn(line) !== cpu + 1) continue;
    // Before the handler: what the device does from now on is another interrupt.
    irqs.setPendingOn(line, 0);
    irqs.setCount(line, irqs.count(line) + 1);
    irqs.handlers[line]!(line);
  }
}
