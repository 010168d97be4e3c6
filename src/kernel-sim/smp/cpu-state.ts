/**
 * The life of a CPU: one word each, and the one setter over the table of edges that may happen.
 *
 * | from      | to                | who, and what it means                                                                |
 * |-----------|-------------------|---------------------------------------------------------------------------------------|
 * | ABSENT    | CREATED           | the boot CPU, before it asks the host for a thread                                      |
 * | CREATED   | PRESENT, FAILED   | the CPU itself, on its thread; the boot CPU: no thread, or it did not appear in time    |
 * | PRESENT   | RELEASED, FAILED  | the boot CPU, which has published the idle task; the CPU: nobody released it            |
 * | RELEASED  | STARTING, FAILED  | the CPU, which leaves its gate; the boot CPU: it did not become ready in time           |
 * | STARTING  | READY, FAILED     | the CPU: its timer and its interrupts work, or they do not; the boot CPU, as above      |
 * | READY     | STOPPING          | the CPU, when it takes a STOP                                                           |
 * | STOPPING  | STOPPED           | the CPU, at a point where it holds nothing                                              |
 *
 * "Online" is READY and nothing before it: a CPU can be sent to, and tasks be placed on it, only when it can answer. UML
 * (and Linux) publish online before the timer exists and must take it back when there is none.
 * STOPPED and FAILED are ends. Two parties may want to leave a state at once (a late CPU, and the boot CPU that has given
 * it up), so the setter is a compare-and-exchange: the loser is told, and leaves the word alone.
 * Source: User Mode Linux, which has two of these states (docs/uml.md).
 */
import { TRACE_CPU_STATE } from "../../trace/events.ts";
import { assert } from "../errors.ts";
import type { Kernel } from "../kernel.ts";

export const CPU_ABSENT = 0;
export const CPU_CREATED = 1;
export const CPU_PRESENT = 2;
export const CPU_RELEASED = 3;
export const CPU_STARTING = 4;
export const CPU_READY = 5;
export const CPU_STOPPING = 6;
export const CPU_STOPPED = 7;
export const CPU_FAILED = 8;

export const CPU_STATE_NAMES = [
  "absent",
  "created",
  "present",
  "released",
  "starting",
  "ready",
  "stopping",
  "stopped",
  "failed",
] as const;
export type CpuStateName = (typeof CPU_STATE_NAMES)[number];

/** Why a CPU is FAILED. */
export const CPU_FAILURES = [
  "none",
  "no thread",
  "not present in time",
  "not released in time",
  "not ready in time",
  "no timer",
] as const;
export type CpuFailure = (typeof CPU_FAILURES)[number];
export const FAIL_NO_THREAD = 1;
export const FAIL_NOT_PRESENT = 2;
export const FAIL_NOT_RELEASED = 3;
export const FAIL_NOT_READY = 4;
export const FAIL_NO_TIMER = 5;

/** By state: a bit for each state that may follow. */
const EDGES: readonly number[] = [
  1 << CPU_CREATED,
  (1 << CPU_PRESENT) | (1 << CPU_FAILED),
  (1 << CPU_RELEASED) | (1 << CPU_FAILED),
  (1 << CPU_STARTING) | (1 << CPU_FAILED),
  (1 << CPU_READY) | (1 << CPU_FAILED),
  1 << CPU_STOPPING,
  1 << CPU_STOPPED,
  0,
  0,
];

export function cpuMayChange(from: number, to: number): boolean {
  return ((EDGES[from]! >>> to) & 1) === 1;
}

/**
 * Moves `cpu` from `from` to `to`. False: it is not in `from` any more, and nothing has changed. `failure`: a FAIL_
 * reason, if and only if `to` is FAILED.
 */
export function setCpuState(kernel: Kernel, cpu: number, from: number, to: number, failure = 0): boolean {
  const { smp, trace } = kernel;
  assert(cpuMayChange(from, to), `CPU ${cpu}: state ${from} to ${to}`);
  assert((to === CPU_FAILED) === (failure !== 0), `CPU ${cpu}: failure ${failure} with state ${to}`);
  if (smp.state(cpu) !== from) return false;
  smp.setState(cpu, to);
  if (failure !== 0) smp.setFailure(cpu, failure);
  if (to === CPU_READY) smp.setUsable(cpu);
  if (trace.on) trace.emit(kernel.host.now, TRACE_CPU_STATE, cpu, 0, to, from);
  return true;
}
