/**
 * Threads of CPUs under the explore host: the machine comes up in one fixed order, before anything is explored.
 *
 * The handshake (kernel-sim/smp) is run to its end by going round: whoever waits for a word is asked again and tests it
 * himself. CPUs do not wait for each other in any other way here, and do not stop.
 */
import type { Coroutine } from "../../atomics/step.ts";
import { RESUME } from "../../atomics/step.ts";
import { MachineError } from "../../kernel-sim/errors.ts";
import { type CpuThreads, YIELD_PARK } from "../../kernel-sim/host.ts";
import { type CpuId, cpuId, NO_TASK } from "../../kernel-sim/ids.ts";
import type { Kernel } from "../../kernel-sim/kernel.ts";
import { bringUp } from "../../kernel-sim/smp/bring-up.ts";
import { startSecondary } from "../../kernel-sim/smp/secondary.ts";

/** Turns of the handshake a CPU: each of its waits ends within a few rounds. */
const BOOT_ROUNDS = 64;

export class ExploreThreads implements CpuThreads {
  readonly patience = 1;
  readonly panicPatience = 1;
  readonly #kernel: Kernel;
  readonly #threads: (Coroutine<unknown> | undefined)[] = [];

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /** Brings all CPUs up. Throws ERR_BOOT. */
  boot(): void {
    const kernel = this.#kernel;
    this.#threads[0] = bringUp(kernel);
    for (let round = 0; round < BOOT_ROUNDS * kernel.config.vcpus; round++) {
      for (let cpu = 0; cpu < kernel.config.vcpus; cpu++) this.#turn(cpu);
      if (this.#threads.every((thread) => thread === undefined)) return;
    }
    throw new MachineError("ERR_BOOT", "the CPUs wait for each other");
  }

  #turn(cpu: number): void {
    this.#kernel.cpu = cpuId(cpu);
    this.#kernel.current = NO_TASK;
    if (this.#threads[cpu]?.next(RESUME).done === true) this.#threads[cpu] = undefined;
  }

  startCpu(cpu: CpuId): boolean {
    this.#threads[cpu] = startSecondary(this.#kernel, cpu);
    return true;
  }
  createTimer(): boolean {
    return true;
  }
  *park(): Coroutine<void> {
    yield YIELD_PARK;
  }
  unpark(): void {}
  cpuStopped(): void {}
}
