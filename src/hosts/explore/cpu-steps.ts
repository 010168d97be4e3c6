/**
 * A vCPU of the explore host takes a step: it grants its task what that has announced, and runs whoever is then on it up to
 * the next announcement.
 */
import { IDLE_ASLEEP, IDLE_ENTERING } from "../../kernel-sim/cpu-table.ts";
import { MachineError } from "../../kernel-sim/errors.ts";
import { exitTask } from "../../kernel-sim/exit.ts";
import { cpuId, NO_TASK, tid as toTid } from "../../kernel-sim/ids.ts";
import type { Kernel } from "../../kernel-sim/kernel.ts";
import { idleTurn, leaveIdleState, switchTask } from "../../kernel-sim/schedule.ts";
import { type TaskCode, WILL_EXIT, WILL_GO_ON, WILL_LEAVE, WILL_SCHEDULE } from "./task-code.ts";

/** Switches, turns of the idle loop and resumptions of one step: each leads on to the next announcement. */
const MAX_TURNS = 1 << 12;

export class CpuSteps {
  declare private readonly kernel: Kernel;
  declare private readonly code: TaskCode;

  constructor(kernel: Kernel, code: TaskCode) {
    this.kernel = kernel;
    this.code = code;
  }

  step(cpu: number): void {
    const { kernel, code } = this;
    kernel.cpu = cpuId(cpu);
    const tid = kernel.cpus.curr(cpu);
    kernel.current = toTid(tid);
    if (tid === 0) leaveIdleState(kernel, cpu);
    else {
      switch (code.request(tid)) {
        case WILL_SCHEDULE:
          code.setRequest(tid, WILL_GO_ON);
          switchTask(kernel);
          break;
        case WILL_EXIT:
          this.#exit(tid);
          break;
        default:
          code.resume(tid);
      }
    }
    this.#goOn(cpu);
  }

  /** Puts a CPU that has just come up to sleep. */
  fallAsleep(cpu: number): void {
    const { kernel } = this;
    kernel.cpu = cpuId(cpu);
    kernel.current = NO_TASK;
    kernel.cpus.setIdlePhase(cpu, IDLE_ENTERING);
    kernel.cpus.setIdle(cpu, true);
    this.#goOn(cpu);
  }

  /** Runs the idle loop, or the task that is on the CPU, as long as nothing is announced. */
  #goOn(cpu: number): void {
    const { kernel, code } = this;
    const { cpus } = kernel;
    for (let turn = 0; turn < MAX_TURNS; turn++) {
      const tid = cpus.curr(cpu);
      kernel.current = toTid(tid);
      if (tid === 0) {
        if (cpus.idlePhase(cpu) === IDLE_ASLEEP || !idleTurn(kernel)) return;
      } else if (code.request(tid) === WILL_GO_ON) code.resume(tid);
      else if (code.request(tid) === WILL_LEAVE) {
        // In the step in which it died: who joins it may give its slot to another.
        code.discard(tid);
        switchTask(kernel);
      } else return;
    }
    throw new MachineError("ERR_RUN_LIMIT", `CPU ${cpu} does not come to rest within ${MAX_TURNS} turns`);
  }

  #exit(tid: number): void {
    const { kernel, code } = this;
    if (kernel.tasks.umcgTask(tid) !== 0) {
      throw new MachineError(
        "ERR_RETURNED_REGISTERED",
        `${kernel.names.of(tid)} (tid ${tid}) returned while registered: call umcg.ctl(UMCG_CTL_UNREGISTER, NULL) first`,
      );
    }
    const exitCode = code.exitCode(tid);
    code.discard(tid);
    exitTask(kernel, tid, exitCode, 0);
    switchTask(kernel);
  }
}
