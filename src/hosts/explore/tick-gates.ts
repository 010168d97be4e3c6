/**
 * What decides whether a tick may preempt the task on a CPU, as one object for each CPU: whoever changes any of it writes that.
 *
 * A tick may preempt where the task is in user mode, another waits and nothing is on its way yet. One CPU can be what puts an end to one of
 * these while another begins one: entering the kernel here, waking a task from there. Told by what they are, these two steps have nothing
 * in common, and each alone says when the tick can come: only between them, in one of their orders. A search that looks
 * for what a step that it made has prevented would have to look for it after every other step as well, so the two are
 * made to depend on each other (explore/dpor/outside.ts). What comes from outside to tasks needs no such object: going to sleep and
 * being woken, beginning and end of a task depend on each other as they are.
 */
import type { Kernel } from "../../kernel-sim/kernel.ts";
import type { FifoClass } from "./fifo-class.ts";
import type { TaskCode } from "./task-code.ts";
import type { Touches } from "./touches.ts";

const IN_USER_MODE = 1;
const OTHERS_WAIT = 2;
const TO_RESCHEDULE = 4;

export class TickGates {
  declare private readonly kernel: Kernel;
  declare private readonly fair: FifoClass;
  declare private readonly code: TaskCode;
  declare private readonly touches: Touches;
  /** First object. */
  declare private readonly gate: number;
  declare private readonly before: Uint8Array;

  constructor(kernel: Kernel, fair: FifoClass, code: TaskCode, touches: Touches, gate: number) {
    const { vcpus } = kernel.config;
    this.kernel = kernel;
    this.fair = fair;
    this.code = code;
    this.touches = touches;
    this.gate = gate;
    this.before = new Uint8Array(vcpus);
  }

  /** Would a tick of `cpu` preempt? */
  isOpen(cpu: number): boolean {
    this.touches.read(this.gate + cpu);
    return this.#unseen(() => this.#stateOf(cpu)) === (IN_USER_MODE | OTHERS_WAIT);
  }

  /** A step begins. */
  beginStep(): void {
    this.#unseen(() => {
      for (let cpu = 0; cpu < this.before.length; cpu++) this.before[cpu] = this.#stateOf(cpu);
    });
  }
  /** It is over. */
  endStep(): void {
    for (let cpu = 0; cpu < this.before.length; cpu++) {
      const changed = this.#unseen(() => this.#stateOf(cpu)) !== this.before[cpu];
      if (changed) this.touches.write(this.gate + cpu);
    }
  }

  #stateOf(cpu: number): number {
    const { cpus } = this.kernel;
    const curr = cpus.curr(cpu);
    return (
      (curr !== 0 && this.code.inUserMode(curr) ? IN_USER_MODE : 0) |
      (this.fair.nrRunning(cpu) > 1 ? OTHERS_WAIT : 0) |
      (cpus.needResched(cpu) === 0 ? 0 : TO_RESCHEDULE)
    );
  }

  #unseen<T>(look: () => T): T {
    const { on } = this.touches;
    this.touches.on = false;
    const seen = look();
    this.touches.on = on;
    return seen;
  }
}
