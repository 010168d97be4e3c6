/**
 * Interrupts of a CPU: on or off, what is held back while they are off, and which handler is active. One word a CPU, changed
 * here only, each change asserted; so what a trace or a dump says of it is what is.
 *
 * | state        | an interrupt that arrives                                            | left by                                 |
 * |--------------|----------------------------------------------------------------------|-----------------------------------------|
 * | IRQ_ON       | is handled at once                                                    | `irqDisable`, a handler                  |
 * | IRQ_OFF      | is held: its class is a bit of the CPU's mailbox                      | `irqEnable`, which serves what was held  |
 * | a PEND_ class| cannot: handlers do not nest, and no time passes on the CPU in one    | the end of the handler                   |
 *
 * What is held is served when interrupts go on again, before the CPU executes anything else, in the order of the bits: I/O,
 * clock, tick, then IPIs. I/O first, because the others may lead to another task; IPIs last, and among them calls before
 * reschedule before stop (serve.ts). A class is held once however often it arrives: the clock device and the I/O lines keep
 * what they have to tell, the mailbox its bits. So nothing is lost and nothing grows.
 *
 * Interrupts are off from a CPU's creation until its timer works, and again once it has stopped. The regions between are
 * kernel coroutines: run-queue code needs none, for it is one atomic step. A task must not sleep in such a region, nor does
 * preemption end it.
 *
 * UML masks three classes in software and IPIs in the host, because a queued IPI carries data and a bit does not. Here what a
 * vector has to tell lies in the mailbox, so there is one mask.
 * Source: User Mode Linux (docs/uml.md). Not modelled: its CHLD (there are no host processes that could die).
 */
import type { Coroutine } from "../../atomics/step.ts";
import { assert } from "../errors.ts";
import type { Kernel } from "../kernel.ts";

export const IRQ_OFF = 0;
export const IRQ_ON = 1;

// Classes of interrupts: bits of the mailbox beside those of the IPIs, in the order in which they are served.
export const PEND_IO = 0x100;
export const PEND_CLOCK = 0x200;
export const PEND_TICK = 0x400;
export const PEND_IPI = 0x800;
export const PEND_CLASSES: number = PEND_IO | PEND_CLOCK | PEND_TICK | PEND_IPI;

/** An interrupt of `pendClass` arrives on `cpu`, whose interrupts are not on: it waits. */
export function holdInterrupt(kernel: Kernel, cpu: number, pendClass: number): void {
  const { cpus, smp } = kernel;
  assert(smp.irq(cpu) === IRQ_OFF, `CPU ${cpu} is interrupted within a handler`);
  smp.setHeld(cpu, smp.held(cpu) + 1);
  cpus.setPending(cpu, cpus.pending(cpu) | pendClass);
}

/** The handler of `pendClass` begins on `cpu`: interrupts are off until it ends. */
export function enterHandler(kernel: Kernel, cpu: number, pendClass: number): void {
  assert(kernel.smp.irq(cpu) === IRQ_ON, `CPU ${cpu} is interrupted with interrupts off`);
  kernel.smp.setIrq(cpu, pendClass);
}

export function leaveHandler(kernel: Kernel, cpu: number, pendClass: number): void {
  const { smp } = kernel;
  // It may have stopped this CPU for good.
  if (smp.irq(cpu) === IRQ_OFF) return;
  assert(smp.irq(cpu) === pendClass, `CPU ${cpu} ends a handler that is not the one it began`);
  smp.setIrq(cpu, IRQ_ON);
}

/** Are interrupts of the executing CPU on? Not in a handler. */
export function irqsOn(kernel: Kernel): boolean {
  return kernel.smp.irq(kernel.cpu) === IRQ_ON;
}

/** Turns the interrupts of the executing CPU off; they are on. */
export function irqDisable(kernel: Kernel): void {
  const { smp, cpu } = kernel;
  assert(smp.irq(cpu) === IRQ_ON, `irqDisable on CPU ${cpu}, whose interrupts are not on`);
  smp.setIrq(cpu, IRQ_OFF);
  smp.setIrqTask(cpu, kernel.current);
}

/**
 * Turns the interrupts of the executing CPU on and serves what was held, before it returns. Within a handler it does nothing:
 * they go on when the handler ends.
 */
export function* irqEnable(kernel: Kernel): Coroutine<void> {
  const { smp, cpu, current } = kernel;
  if (smp.irq(cpu) > IRQ_ON) return;
  assert(smp.irq(cpu) === IRQ_OFF, `irqEnable on CPU ${cpu}, whose interrupts are on`);
  assert(
    smp.irqTask(cpu) === current,
    `task ${smp.irqTask(cpu)} has CPU ${cpu}'s interrupts off, not ${current}`,
  );
  smp.setIrq(cpu, IRQ_ON);
  yield* serveHeld(kernel, cpu);
}

/** Turns interrupts off if they are on; returns what `irqRestore` needs to know. */
export function irqSave(kernel: Kernel): boolean {
  const on = irqsOn(kernel);
  if (on) irqDisable(kernel);
  return on;
}

/** Ends a region that `irqSave` began; `wereOn` is what that returned. */
export function* irqRestore(kernel: Kernel, wereOn: boolean): Coroutine<void> {
  if (wereOn) yield* irqEnable(kernel);
}

/** How far ahead of the others such code may run. */
const HOLD_SLICE_NS = 100_000;

/** Kernel code that holds the interrupts of its CPU off for `ns`: a badly written driver, for scenarios and tests. */
export function* holdInterruptsOff(kernel: Kernel, ns: number): Coroutine<void> {
  irqDisable(kernel);
  for (let left = ns; left > 0; left -= HOLD_SLICE_NS) {
    kernel.host.chargeNs(Math.min(left, HOLD_SLICE_NS));
    yield* kernel.host.sync();
  }
  yield* irqEnable(kernel);
}

/** One class after the other, each to its end. Bounded: interrupts are on, so that no bit is set again. */
function* serveHeld(kernel: Kernel, cpu: number): Coroutine<void> {
  const { cpus, host } = kernel;
  for (let held = heldClasses(kernel, cpu); held !== 0; held = heldClasses(kernel, cpu)) {
    const first = held & -held;
    cpus.setPending(cpu, cpus.pending(cpu) & ~first);
    host.redeliver(first);
    yield* host.sync();
  }
}

function heldClasses(kernel: Kernel, cpu: number): number {
  return kernel.cpus.pending(cpu) & PEND_CLASSES;
}

/** The CPU's timer works: interrupts go on for the first time. */
export function irqStart(kernel: Kernel, cpu: number): void {
  assert(kernel.smp.irq(cpu) === IRQ_OFF, `CPU ${cpu} starts with its interrupts on`);
  kernel.smp.setIrq(cpu, IRQ_ON);
}
