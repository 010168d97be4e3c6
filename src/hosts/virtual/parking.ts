/**
 * CPUs of the virtual host that wait for a word to change: one wait a CPU. A parked CPU has a RESUME event at its deadline;
 * an unpark moves it to now.
 *
 * A CPU may be interrupted while it is parked, if its interrupts are on, and must have finished with that before it goes on.
 */
import { type Coroutine, YIELD_PAUSE } from "../../atomics/step.ts";
import { YIELD_PARK } from "../../kernel-sim/host.ts";
import type { Kernel } from "../../kernel-sim/kernel.ts";
import type { WakeFaults } from "./boot-config.ts";
import type { EventQueue } from "./event-queue.ts";

const NOWHERE = -1;

export class Parking {
  declare private readonly kernel: Kernel;
  declare private readonly queue: EventQueue;
  /** By CPU: the word it waits for, or NOWHERE. */
  declare private readonly words: Int32Array;
  declare private readonly deadlines: Float64Array;
  /** By CPU: until when an interrupt has it. */
  declare private readonly busyUntil: Float64Array;
  declare private readonly faults: WakeFaults;
  #parked = 0;

  /** `faults` is counted down. */
  constructor(kernel: Kernel, queue: EventQueue, faults: WakeFaults) {
    this.kernel = kernel;
    this.queue = queue;
    this.faults = faults;
    const { vcpus } = kernel.config;
    this.words = new Int32Array(vcpus).fill(NOWHERE);
    this.deadlines = new Float64Array(vcpus);
    this.busyUntil = new Float64Array(vcpus);
  }

  /** See CpuThreads. */
  *park(word: number, old: number, deadlineNs: number): Coroutine<void> {
    const { smp, host, cpu } = this.kernel;
    // What is due before now may change the word.
    yield YIELD_PAUSE;
    if (smp.words[word] !== old) return;
    this.words[cpu] = word;
    this.deadlines[cpu] = Math.max(deadlineNs, host.now);
    if (this.faults.spuriousWakes > 0) {
      this.faults.spuriousWakes--;
      this.deadlines[cpu] = host.now + 1;
    }
    this.#parked++;
    yield YIELD_PARK;
    this.words[cpu] = NOWHERE;
    this.#parked--;
  }

  /** See CpuThreads. `ns`: how long the wake-up takes to get there. */
  unpark(word: number, ns: number): void {
    if (this.#parked === 0) return;
    const { now } = this.kernel.host;
    for (let cpu = this.words.indexOf(word); cpu >= 0; cpu = this.words.indexOf(word, cpu + 1)) {
      if (this.faults.lostWakes > 0) this.faults.lostWakes--;
      else this.queue.schedule(cpu, Math.max(now + ns, this.busyUntil[cpu]!));
    }
  }

  /** `cpu` has stopped, parked or not. */
  forget(cpu: number): void {
    if (this.words[cpu] === NOWHERE) return;
    this.words[cpu] = NOWHERE;
    this.#parked--;
  }

  /** `cpu` has yielded YIELD_PARK. */
  begin(cpu: number): void {
    this.busyUntil[cpu] = 0;
    this.queue.schedule(cpu, this.deadlines[cpu]!);
  }

  /** An interrupt took `cpu`, parked or not, until now. */
  interrupted(cpu: number): void {
    if (this.#parked > 0) this.busyUntil[cpu] = this.kernel.host.now;
  }
}
