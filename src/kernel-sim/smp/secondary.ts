/**
 * A CPU's own half of the handshake, on its own thread: it says that it is there, waits for its release, takes its idle
 * task, makes its timer and its interrupts work, and only then says that it is ready. The other half is bring-up.ts.
 *
 * Until its release a CPU executes nothing but this, whatever ends its wait: there is no idle task to be on, and nobody has
 * made its run queue known.
 * Source: User Mode Linux (docs/uml.md).
 */
import type { Coroutine } from "../../atomics/step.ts";
import { assert } from "../errors.ts";
import { cpuId } from "../ids.ts";
import type { Kernel } from "../kernel.ts";
import {
  CPU_ABSENT,
  CPU_CREATED,
  CPU_FAILED,
  CPU_PRESENT,
  CPU_READY,
  CPU_RELEASED,
  CPU_STARTING,
  FAIL_NO_TIMER,
  FAIL_NOT_RELEASED,
  setCpuState,
} from "./cpu-state.ts";
import { irqStart } from "./interrupts.ts";
import { waitForState } from "./wait-state.ts";

/** How long a CPU that is there waits to be released: all others may come up, or be waited for in vain, before it. */
export function releaseTimeoutNs(vcpus: number): number {
  return 4_000_000_000 * vcpus;
}

/** What a CPU other than CPU 0 does from its first instruction until it is in its idle loop, or has failed. */
export function* startSecondary(kernel: Kernel, cpu: number): Coroutine<void> {
  const { smp, host } = kernel;
  // The boot CPU may have given it up by now.
  if (!setCpuState(kernel, cpu, CPU_CREATED, CPU_PRESENT)) return;
  host.threads.unpark(smp.stateWord(cpu));
  yield* waitForState(
    kernel,
    cpu,
    1 << CPU_PRESENT,
    host.now + releaseTimeoutNs(smp.count) * host.threads.patience,
  );
  if (smp.state(cpu) === CPU_PRESENT) {
    setCpuState(kernel, cpu, CPU_PRESENT, CPU_FAILED, FAIL_NOT_RELEASED);
    return;
  }
  if (!setCpuState(kernel, cpu, CPU_RELEASED, CPU_STARTING)) return;
  const timer = takeIdleAndTimer(kernel, cpu);
  // The timer takes time to make: the word changes when it has passed.
  yield* host.sync();
  if (timer) becomeReady(kernel, cpu);
  else setCpuState(kernel, cpu, CPU_STARTING, CPU_FAILED, FAIL_NO_TIMER);
  host.threads.unpark(smp.stateWord(cpu));
}

/** CPU 0 goes the same way, with nobody to wait for. */
export function startBootCpu(kernel: Kernel): void {
  kernel.smp.setIdleTask(0, 1);
  for (let state = CPU_ABSENT; state < CPU_STARTING; state++) setCpuState(kernel, 0, state, state + 1);
  if (takeIdleAndTimer(kernel, 0)) becomeReady(kernel, 0);
  else setCpuState(kernel, 0, CPU_STARTING, CPU_FAILED, FAIL_NO_TIMER);
}

function becomeReady(kernel: Kernel, cpu: number): void {
  // Given up a moment ago: its interrupts stay off.
  if (kernel.smp.state(cpu) !== CPU_STARTING) return;
  irqStart(kernel, cpu);
  setCpuState(kernel, cpu, CPU_STARTING, CPU_READY);
}

/** From here on the CPU is on its idle task. False: it has no timer. */
function takeIdleAndTimer(kernel: Kernel, cpu: number): boolean {
  const { smp, cpus, host } = kernel;
  assert(smp.idleTask(cpu) === cpu + 1, `CPU ${cpu} was released onto idle task ${smp.idleTask(cpu)}`);
  cpus.setCurr(cpu, 0);
  return host.threads.createTimer(cpuId(cpu));
}
