/**
 * Running a function on another CPU: asked for and forgotten, or waited for.
 *
 * | who waits             | for whom                                 | until                     | else                               |
 * |-----------------------|------------------------------------------|---------------------------|------------------------------------|
 * | a caller of `callAndWait`, its CPU held | every target to have run it | the deadline             | "no answer": it may still run later |
 * | the same              | a place in a target's queue              | the deadline              | "queue full"                       |
 *
 * A function runs in interrupt context of its CPU, or in its idle loop; it must not wait. Functions are known by number, as
 * the entries lie in the machine's buffer.
 *
 * Deadlock. A CPU that waits with interrupts on answers others meanwhile, so two that call each other both get through. One
 * that waits with interrupts off does not: if whom it calls waits, with interrupts off, for it (or for another such CPU that
 * does), neither can ever go on. The second of them to call is told "deadlock" and does not wait. Linux only warns about any
 * wait with interrupts off, and hangs.
 *
 * A CPU that stops answers what is in its queue first (serve.ts) and takes nothing more, so that nobody waits for it.
 * Source: smp_call_function_many_cond in kernel/smp.c.
 */
import type { Coroutine } from "../../atomics/step.ts";
import { TRACE_CALL } from "../../trace/events.ts";
import { assert } from "../errors.ts";
import type { Kernel } from "../kernel.ts";
import { CPU_READY } from "./cpu-state.ts";
import { IRQ_OFF, IRQ_ON, irqsOn } from "./interrupts.ts";
import { IPI_CALL, type SendResult, signalCpu } from "./mailbox.ts";

/** Runs on the CPU that was called. */
export type CallFunction = (kernel: Kernel, arg: number) => void;

/** How long an answer may take. Linux reports a CPU that has not answered for 5 s, and goes on waiting. */
const CALL_TIMEOUT_NS = 1_000_000_000;

/** What became of a call: it is in the queue of its CPU, or why not. */
export type CallResult = "queued" | "queue full" | "not-online" | "stopped" | "refused";

/** A CPU that did not run the function, and why. */
export interface Unanswered {
  readonly cpu: number;
  readonly why: Exclude<CallResult, "queued"> | "no answer" | "deadlock";
}

/** Function 0 does nothing: the interrupt is all that is wanted. */
export const CALL_NOTHING = 0;

/** A number for a function; the same one for the same function. */
export function callNumber(kernel: Kernel, fn: CallFunction): number {
  const known = kernel.calls.indexOf(fn);
  return known >= 0 ? known : kernel.calls.push(fn) - 1;
}

/** Asks `cpu` to run function number `fn`. Atomic; nobody is told when it has. On the executing CPU it runs at once. */
export function callFunction(kernel: Kernel, cpu: number, fn: number, arg: number): CallResult {
  if (cpu === kernel.cpu) {
    runCall(kernel, fn, arg, cpu);
    return "queued";
  }
  return push(kernel, cpu, fn, arg, 0);
}

/**
 * Has every CPU of `targets` run function number `fn`, and waits until they have. The calling CPU is held: it does nothing else
 * meanwhile but to serve interrupts, if they are on. Returns who has not run it, and why; a CPU listed as "no answer" may
 * still run it.
 */
export function* callAndWait(
  kernel: Kernel,
  targets: readonly number[],
  fn: number,
  arg: number,
  timeoutNs: number = CALL_TIMEOUT_NS * kernel.host.threads.patience,
): Coroutine<Unanswered[]> {
  const { smp, callQueues, host } = kernel;
  yield* host.sync();
  // From here on the CPU is held, and so the same.
  const cpu: number = kernel.cpu;
  assert(smp.irq(cpu) <= IRQ_ON, `CPU ${cpu} waits for others in an interrupt handler`);
  const deadline = host.now + timeoutNs;
  const unanswered: Unanswered[] = [];
  const ticket = beginWait(kernel, cpu);
  for (const target of targets) {
    if (target === cpu) runCall(kernel, fn, arg, cpu);
    else if (!irqsOn(kernel) && leadsBack(kernel, target, cpu)) {
      unanswered.push({ cpu: target, why: "deadlock" });
    } else {
      const result = yield* pushInTime(kernel, target, fn, arg, ticket, deadline);
      if (result !== "queued") unanswered.push({ cpu: target, why: result });
    }
  }
  // Bounded by the deadline.
  while (smp.acksLeft(cpu) > 0 && host.now < deadline) {
    yield* host.threads.park(smp.acksWord(cpu), smp.acksLeft(cpu), deadline);
  }
  for (const target of targets) {
    if (!callQueues.waitsFor(cpu, target)) continue;
    callQueues.setWaitsFor(cpu, target, false);
    unanswered.push({ cpu: target, why: "no answer" });
  }
  smp.setAcksLeft(cpu, 0);
  return unanswered;
}

/** Answers to earlier waits, which were given up, do not count for this one: they bear another number. */
function beginWait(kernel: Kernel, cpu: number): number {
  const { smp } = kernel;
  assert(smp.acksLeft(cpu) === 0, `CPU ${cpu} waits twice`);
  const ticket = (smp.ticket(cpu) + 1) & 0x7fff_ffff || 1;
  smp.setTicket(cpu, ticket);
  return ticket;
}

function* pushInTime(
  kernel: Kernel,
  target: number,
  fn: number,
  arg: number,
  ticket: number,
  deadline: number,
): Coroutine<CallResult> {
  const { smp, callQueues, host, cpu } = kernel;
  for (;;) {
    // Before the push: the answer may come at once.
    callQueues.setWaitsFor(cpu, target, true);
    smp.setAcksLeft(cpu, smp.acksLeft(cpu) + 1);
    const result = push(kernel, target, fn, arg, ticket);
    if (result !== "queued") {
      callQueues.setWaitsFor(cpu, target, false);
      smp.setAcksLeft(cpu, smp.acksLeft(cpu) - 1);
    }
    if (result !== "queue full" || !irqsOn(kernel) || host.now >= deadline) return result;
    yield* host.threads.park(smp.callHeadWord(target), smp.callHead(target), deadline);
  }
}

function push(kernel: Kernel, target: number, fn: number, arg: number, ticket: number): CallResult {
  const { callQueues, smp, host, cpu, topology } = kernel;
  assert(kernel.calls[fn] !== undefined, `no function ${fn}`);
  if (smp.state(target) !== CPU_READY) return refusal(signalCpu(kernel, target, IPI_CALL));
  const wasEmpty = callQueues.isEmpty(target);
  host.charge(topology.lineStep(cpu, target));
  if (!callQueues.push(target, { fn, arg, from: cpu, ticket })) return "queue full";
  // Only who finds the queue empty signals; the others ride along.
  if (!wasEmpty) return "queued";
  const sent = signalCpu(kernel, target, IPI_CALL);
  return sent === "sent" || sent === "coalesced" ? "queued" : refusal(sent);
}

/** A send to a CPU that is not READY, or that the host would not take. The call is in the mailbox of the latter. */
function refusal(result: SendResult): CallResult {
  assert(result !== "sent" && result !== "coalesced", `a CPU that is not ready was sent to`);
  return result;
}

/** Empties the call queue of the executing CPU. Bounded by the ring: what is pushed meanwhile is pushed by others, later. */
export function serveCalls(kernel: Kernel): void {
  const { callQueues, smp, host, topology, cpu } = kernel;
  while (!callQueues.isEmpty(cpu)) {
    const { fn, arg, from, ticket } = callQueues.pop(cpu);
    host.charge(topology.lineStep(cpu, from));
    runCall(kernel, fn, arg, from);
    if (ticket !== 0) answer(kernel, from, ticket);
  }
  host.threads.unpark(smp.callHeadWord(cpu));
}

function runCall(kernel: Kernel, fn: number, arg: number, from: number): void {
  if (kernel.trace.on) kernel.emit(TRACE_CALL, 0, fn, from);
  kernel.calls[fn]!(kernel, arg);
}

function answer(kernel: Kernel, from: number, ticket: number): void {
  const { callQueues, smp, host, topology, cpu } = kernel;
  host.charge(topology.lineStep(cpu, from));
  if (smp.ticket(from) !== ticket || !callQueues.waitsFor(from, cpu)) return;
  callQueues.setWaitsFor(from, cpu, false);
  smp.setAcksLeft(from, smp.acksLeft(from) - 1);
  if (smp.acksLeft(from) === 0) host.threads.unpark(smp.acksWord(from));
}

/** Does `from` wait, with interrupts off all the way, for `to`? Bounded: each CPU is looked at once. */
function leadsBack(kernel: Kernel, from: number, to: number): boolean {
  const { smp, callQueues } = kernel;
  const stuck = [from];
  for (let at = 0; at < stuck.length; at++) {
    const cpu = stuck[at]!;
    if (smp.acksLeft(cpu) === 0 || smp.irq(cpu) !== IRQ_OFF) continue;
    if (callQueues.waitsFor(cpu, to)) return true;
    for (let next = 0; next < smp.count; next++) {
      if (callQueues.waitsFor(cpu, next) && !stuck.includes(next)) stuck.push(next);
    }
  }
  return false;
}
