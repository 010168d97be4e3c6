/**
 * The code of tasks in one isolate, and running it.
 *
 * A coroutine cannot leave the isolate that made it. But one that has not run yet has nothing to leave: set-up code, which each
 * isolate runs alike (machine/threads), makes every task's everywhere, and the first CPU to run a task keeps it. What a task
 * starts later has its code where that task is. Either way the task has a *home* from then on, and its affinity is that CPU.
 *
 * A task is in user mode or in the kernel when it lets go of its CPU, and comes back as it went: with the kernel's lock or
 * without.
 */
import { type Coroutine, RESUME, type Resume, YIELD_PAUSE } from "../../../atomics/step.ts";
import { messageOf } from "../../../diagnostics/text-of.ts";
import { MachineError } from "../../../kernel-sim/errors.ts";
import { type Sequel, YIELD_SCHEDULE } from "../../../kernel-sim/host.ts";
import type { Tid } from "../../../kernel-sim/ids.ts";
import { exitToUserMode, hasExitWork } from "../../../kernel-sim/signals.ts";
import { setAllowed } from "../../../kernel-sim/smp/affinity.ts";
import type { VcpuHost } from "./host.ts";
import { CpuStopped } from "./interrupts.ts";
import { MachineGone } from "./kernel-lock.ts";

const GOES_ON: IteratorResult<unknown, unknown> = { done: false, value: YIELD_PAUSE };
const GOES_ELSEWHERE: IteratorResult<unknown, unknown> = { done: false, value: YIELD_SCHEDULE };

export class TaskBodies {
  readonly #host: VcpuHost;
  readonly #bodies: (Coroutine<unknown> | undefined)[] = [];
  readonly #sequels: (Sequel | undefined)[] = [];
  /** Tasks that have not run yet. */
  readonly #fresh: Set<number> = new Set();
  /** Those that were in the kernel when they let go of their CPU: alone there? */
  readonly #inKernel: Map<number, boolean> = new Map();

  constructor(host: VcpuHost) {
    this.#host = host;
  }

  start(tid: Tid, body: Coroutine<unknown>, sequel: Sequel | undefined): void {
    if (!this.#host.settingUp) this.#keep(tid);
    this.#bodies[tid] = body;
    this.#sequels[tid] = sequel;
    this.#fresh.add(tid);
    this.#inKernel.delete(tid);
  }
  discard(tid: number): void {
    this.#bodies[tid] = undefined;
    this.#sequels[tid] = undefined;
    this.#fresh.delete(tid);
  }

  /** The code of `tid` is here from now on. */
  #keep(tid: number): void {
    const { kernel, cpu } = this.#host;
    const { tasks, names } = kernel;
    if (tasks.home(tid) === cpu + 1) return;
    if (!tasks.allows(tid, cpu)) {
      throw new MachineError(
        "ERR_CONFIG",
        `${names.of(tid)} (tid ${tid}) may not run on CPU ${cpu}, where it was started: only tasks of set-up code can go to another`,
      );
    }
    tasks.setHome(tid, cpu + 1);
    setAllowed(kernel, tid, [cpu]);
  }

  /**
   * Runs `tid`, the current task, from where it is to its next request. The lock is held before and after; alone, if the task
   * is in a call that is made alone, or its body has ended.
   */
  resume(tid: number): IteratorResult<unknown, unknown> {
    const host = this.#host;
    if (this.#fresh.has(tid)) {
      host.alone();
      // Somebody else was alone before, and has taken this CPU from it.
      if (!host.kernel.tasks.allows(tid, host.cpu)) return GOES_ELSEWHERE;
      this.#fresh.delete(tid);
      this.#keep(tid);
    }
    const alone = this.#inKernel.get(tid);
    if (alone === undefined) this.#enterUserMode(tid);
    else if (alone) host.alone();
    const result = this.#next(tid);
    if (host.lock.held) this.#inKernel.set(tid, host.lock.isAlone);
    else {
      this.#inKernel.delete(tid);
      host.acquire();
    }
    return result.done === true && this.#follow(tid, result.value, false) ? GOES_ON : result;
  }

  /**
   * What came for a task before its first step in user mode, or between its body and what follows that, it takes on its way there:
   * the interrupt that said so is over.
   */
  #enterUserMode(tid: number): void {
    const { kernel } = this.#host;
    if (hasExitWork(kernel, tid)) {
      const body = this.#bodies[tid]!;
      this.#bodies[tid] = (function* (): Coroutine<unknown> {
        kernel.host.enterKernel();
        yield* exitToUserMode(kernel, tid);
        kernel.host.leaveKernel();
        return yield* body;
      })();
    }
    this.#host.leaveKernel();
  }

  #next(tid: number): IteratorResult<unknown, unknown> {
    try {
      return this.#bodies[tid]!.next(RESUME satisfies Resume);
    } catch (cause) {
      if (cause instanceof CpuStopped || cause instanceof MachineGone) throw cause;
      if (this.#follow(tid, cause, true)) return GOES_ON;
      if (cause instanceof MachineError) throw cause;
      const what = messageOf(cause);
      const who = `${this.#host.kernel.names.of(tid)} (tid ${tid})`;
      throw new MachineError("ERR_PROGRAM_THREW", `${who} threw: ${what}`, { cause });
    }
  }

  /** The body of `tid` has ended. Does something follow it? In user mode. */
  #follow(tid: number, outcome: unknown, threw: boolean): boolean {
    const sequel = this.#sequels[tid];
    if (sequel === undefined) return false;
    this.#sequels[tid] = undefined;
    this.#bodies[tid] = sequel.after(outcome, threw);
    this.#inKernel.delete(tid);
    return true;
  }
}
