/**
 * The boot CPU's half of the handshake: it creates the other CPUs, waits until each is there, releases each, and waits
 * until each is ready. The other half is secondary.ts.
 *
 * | step                      | who waits for whom                        | until                          | else                       |
 * |---------------------------|-------------------------------------------|--------------------------------|----------------------------|
 * | startCpu                  | nobody                                    |                                | FAILED: no thread          |
 * | CREATED to PRESENT        | the boot CPU for the CPU                  | PRESENT_TIMEOUT_NS             | FAILED: not present        |
 * | PRESENT to RELEASED       | the CPU for the boot CPU                  | `releaseTimeoutNs`             | FAILED: not released       |
 * | RELEASED to READY         | the boot CPU for the CPU                  | READY_TIMEOUT_NS               | FAILED: not ready, no timer|
 *
 * Every wait is a loop over its condition with a deadline: that a park has returned proves nothing, and a wake-up that got
 * lost is made good when the deadline passes and the condition is tested once more. A CPU that is given up is FAILED before
 * it can go any further, so one that comes too late finds that out and ends; it is never half there.
 *
 * The machine goes on with the CPUs that are READY. Only CPU 0 it cannot do without.
 * Source: User Mode Linux (docs/uml.md). It spins without limit for a CPU to come online, and believes any return from the wait
 * for its release.
 */
import type { Coroutine } from "../../atomics/step.ts";
import { MachineError } from "../errors.ts";
import { cpuId } from "../ids.ts";
import type { Kernel } from "../kernel.ts";
import {
  CPU_CREATED,
  CPU_FAILED,
  CPU_FAILURES,
  CPU_PRESENT,
  CPU_READY,
  CPU_RELEASED,
  CPU_STARTING,
  type CpuFailure,
  FAIL_NO_THREAD,
  FAIL_NOT_PRESENT,
  FAIL_NOT_READY,
  setCpuState,
} from "./cpu-state.ts";
import { startBootCpu } from "./secondary.ts";
import { waitForState } from "./wait-state.ts";

/** How long a new thread may take until it shows itself. UML: 1000 ms of jiffies. */
export const PRESENT_TIMEOUT_NS = 1_000_000_000;
export const READY_TIMEOUT_NS = 1_000_000_000;

/** Which CPUs came up, when, and why the others did not. */
export interface BootReport {
  /** When the machine was up, ns of virtual time. */
  readonly atNs: number;
  /** CPUs that are READY, in order. Tasks run on these. */
  readonly ready: readonly number[];
  readonly failed: readonly { readonly cpu: number; readonly why: CpuFailure }[];
}

/** Brings all CPUs up, on CPU 0. Throws ERR_BOOT when CPU 0 itself fails. */
export function* bringUp(kernel: Kernel): Coroutine<BootReport> {
  const { count } = kernel.smp;
  startBootCpu(kernel);
  if (kernel.smp.state(0) !== CPU_READY) throw noBootCpu(kernel);
  for (let cpu = 1; cpu < count; cpu++) yield* createCpu(kernel, cpu);
  for (let cpu = 1; cpu < count; cpu++) yield* releaseCpu(kernel, cpu);
  return report(kernel);
}

function* createCpu(kernel: Kernel, cpu: number): Coroutine<void> {
  const { host } = kernel;
  setCpuState(kernel, cpu, 0, CPU_CREATED);
  if (!host.threads.startCpu(cpuId(cpu))) {
    setCpuState(kernel, cpu, CPU_CREATED, CPU_FAILED, FAIL_NO_THREAD);
    return;
  }
  yield* waitForState(kernel, cpu, 1 << CPU_CREATED, host.now + PRESENT_TIMEOUT_NS * host.threads.patience);
  if (kernel.smp.state(cpu) === CPU_CREATED)
    setCpuState(kernel, cpu, CPU_CREATED, CPU_FAILED, FAIL_NOT_PRESENT);
}

function* releaseCpu(kernel: Kernel, cpu: number): Coroutine<void> {
  const { smp, host } = kernel;
  if (smp.state(cpu) !== CPU_PRESENT) return;
  // Before the release: the CPU reads it after.
  smp.setIdleTask(cpu, cpu + 1);
  if (!setCpuState(kernel, cpu, CPU_PRESENT, CPU_RELEASED)) return;
  host.threads.unpark(smp.stateWord(cpu));
  const coming = (1 << CPU_RELEASED) | (1 << CPU_STARTING);
  yield* waitForState(kernel, cpu, coming, host.now + READY_TIMEOUT_NS * host.threads.patience);
  const state = smp.state(cpu);
  if (((coming >>> state) & 1) === 1) setCpuState(kernel, cpu, state, CPU_FAILED, FAIL_NOT_READY);
}

function report(kernel: Kernel): BootReport {
  const { smp, host } = kernel;
  const ready: number[] = [];
  const failed: { cpu: number; why: CpuFailure }[] = [];
  for (let cpu = 0; cpu < smp.count; cpu++) {
    if (smp.state(cpu) === CPU_READY) ready.push(cpu);
    else failed.push({ cpu, why: failureOf(kernel, cpu) });
  }
  return { atNs: host.now, ready, failed };
}

function failureOf(kernel: Kernel, cpu: number): CpuFailure {
  return CPU_FAILURES[kernel.smp.failure(cpu)]!;
}

function noBootCpu(kernel: Kernel): MachineError {
  return new MachineError("ERR_BOOT", `CPU 0 did not come up: ${failureOf(kernel, 0)}`);
}
