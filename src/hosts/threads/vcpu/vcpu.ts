/**
 * A vCPU of the threads host: a Worker that runs the idle loop or the current task, turn after turn, until it has stopped.
 *
 * It is in the kernel all the time but in user mode and asleep; with others, unless a task is in a call that is made alone. The
 * order of a turn: stop, if that was asked for and the CPU holds nothing; take what has come for it; then its task, or idle.
 */

import { YIELD_PAUSE } from "../../../atomics/step.ts";
import { IDLE_ENTERING } from "../../../kernel-sim/cpu-table.ts";
import { MachineError } from "../../../kernel-sim/errors.ts";
import { exitTask } from "../../../kernel-sim/exit.ts";
import { YIELD_EXIT, YIELD_SCHEDULE, YIELD_STOP } from "../../../kernel-sim/host.ts";
import { NO_TASK, tid as toTid } from "../../../kernel-sim/ids.ts";
import { idleTurn, leaveIdleState, switchTask } from "../../../kernel-sim/schedule.ts";
import { CPU_STOPPED, CPU_STOPPING } from "../../../kernel-sim/smp/cpu-state.ts";
import { finishStop, isSafePoint, stopEnded } from "../../../kernel-sim/smp/stop.ts";
import type { VcpuHost } from "./host.ts";
import type { IdleSleep } from "./idle-sleep.ts";
import { CpuStopped } from "./interrupts.ts";
import { MachineGone } from "./kernel-lock.ts";
import { PHASE_ENDED } from "./words.ts";

export class Vcpu {
  readonly #host: VcpuHost;
  readonly #idle: IdleSleep;

  constructor(host: VcpuHost, idle: IdleSleep) {
    this.#host = host;
    this.#idle = idle;
  }

  /** Puts a CPU that has come up on its way into idle: what set-up code starts is found there. Under the lock. */
  begin(cpu: number): void {
    const { kernel } = this.#host;
    kernel.cpus.setIdlePhase(cpu, IDLE_ENTERING);
    kernel.cpus.setIdle(cpu, true);
  }

  /** Runs until the CPU has stopped. Throws what programs and the kernel throw; leaves quietly when the machine failed elsewhere. */
  run(): void {
    const { lock } = this.#host;
    try {
      this.#host.share();
      // Bounded by the machine's life.
      while (this.#turn());
    } catch (error) {
      if (!(error instanceof CpuStopped || error instanceof MachineGone)) throw error;
    }
    if (stopEnded(this.#host.kernel)) this.#host.shared.endAs(PHASE_ENDED);
    if (lock.held) lock.release();
  }

  #turn(): boolean {
    const host = this.#host;
    const { kernel, cpu } = host;
    const { smp, cpus } = kernel;
    host.shareAgain();
    if (smp.state(cpu) === CPU_STOPPING && isSafePoint(kernel, cpu)) {
      host.alone();
      finishStop(kernel, cpu);
    }
    if (smp.state(cpu) === CPU_STOPPED) return false;
    host.sync();
    const tid = cpus.curr(cpu);
    kernel.current = toTid(tid);
    if (tid !== 0) {
      this.#runTask(tid);
      return true;
    }
    if (host.interrupts.isCalled) host.alone();
    host.lock.queue(cpu);
    const goesOn = idleTurn(kernel) || smp.state(cpu) === CPU_STOPPED;
    host.lock.endInner();
    if (goesOn) return true;
    this.#idle.sleep();
    host.lock.queue(cpu);
    leaveIdleState(kernel, cpu);
    host.lock.endInner();
    return true;
  }

  #runTask(tid: number): void {
    const host = this.#host;
    const { kernel } = host;
    const request = host.bodies.resume(tid);
    if (request.done === true) {
      this.#exit(tid, request.value);
      return;
    }
    switch (request.value) {
      case YIELD_SCHEDULE:
        // With what the task holds on its way to sleep: nobody comes between its last look and the switch.
        host.lock.queue(host.cpu);
        switchTask(kernel);
        host.lock.endInner();
        break;
      case YIELD_PAUSE:
        break;
      case YIELD_STOP:
        finishStop(kernel, host.cpu);
        break;
      case YIELD_EXIT:
        this.#gone(tid);
        break;
      default:
        throw new MachineError(
          "ERR_FOREIGN_YIELD",
          `${kernel.names.of(tid)} (tid ${tid}) yielded ${String(request.value)}: only steps may be yielded, with yield*`,
        );
    }
  }

  #exit(tid: number, value: unknown): void {
    const { kernel } = this.#host;
    if (kernel.tasks.umcgTask(tid) !== 0) {
      throw new MachineError(
        "ERR_RETURNED_REGISTERED",
        `${kernel.names.of(tid)} (tid ${tid}) returned while registered: call umcg.ctl(UMCG_CTL_UNREGISTER, NULL) first`,
      );
    }
    exitTask(kernel, tid, typeof value === "number" ? value | 0 : 0, 0);
    this.#gone(tid);
  }

  /** The task has exited and leaves its CPU. */
  #gone(tid: number): void {
    const { kernel, bodies, hostTasks, shared } = this.#host;
    bodies.discard(tid);
    hostTasks?.ended(tid);
    kernel.current = NO_TASK;
    switchTask(kernel);
    if (kernel.live === 0) shared.endAs(PHASE_ENDED);
  }
}
