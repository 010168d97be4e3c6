/**
 * The device through which calls from outside come into the kernel: one task for each mailbox, which makes the calls that are
 * posted there, one after the other.
 *
 * A task that has nothing to do sleeps, and an interrupt wakes it. The interrupt is a timer's that is armed for now: so the
 * clock of the kernel, which stands still while it has nothing to do, first comes to the moment of the call.
 *
 * No lost call: a task looks at its mailbox between setting its state and sleeping, and both are in one step of the kernel,
 * as the interrupt is.
 */
import type { Coroutine } from "../atomics/step.ts";
import {
  TASK_DEAD,
  TASK_INTERRUPTIBLE,
  TASK_NORMAL,
  TASK_RUNNING,
  WAIT_DEVICE,
} from "../kernel-sim/constants.ts";
import type { Tid } from "../kernel-sim/ids.ts";
import { schedule } from "../kernel-sim/schedule.ts";
import { exitToUserMode, hasExitWork } from "../kernel-sim/signals.ts";
import { setTaskState } from "../kernel-sim/task-state.ts";
import { armTimer, createTimer } from "../kernel-sim/timers.ts";
import { tryToWakeUp } from "../kernel-sim/wakeup.ts";
import type { Machine } from "../machine.ts";
import type { Env } from "../umcg/env.ts";
import { perform } from "./calls.ts";
import { ARGUMENTS, argsAt, callAt, KILLED, POSTED, resultAt, SERVED, stateAt } from "./mailbox.ts";

export class SyscallDevice {
  readonly #machine: Machine;
  readonly #callers: number;
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #numbers: Float64Array<SharedArrayBuffer>;
  /** By mailbox: its task, 0 = none yet. */
  readonly #tids: (Tid | 0)[] = [];
  /** By mailbox: the task is making a call, which is not to be taken for a new one. */
  readonly #busy: boolean[] = [];
  readonly #timer: number;

  constructor(machine: Machine, buffer: SharedArrayBuffer, callers: number) {
    this.#machine = machine;
    this.#callers = callers;
    this.#words = new Int32Array(buffer);
    this.#numbers = new Float64Array(buffer);
    this.#timer = createTimer(machine.kernel, () => this.#interrupt());
  }

  /** Between two runs of the machine: takes up what has been posted, at `nowNs` of its clock. */
  look(nowNs: number): void {
    let posted = false;
    for (let caller = 1; caller <= this.#callers; caller++) {
      this.#forgetDead(caller);
      if (!this.#isPosted(caller)) continue;
      posted = true;
      this.#tids[caller] ||= this.#machine.spawn((env) => this.#serve(env, caller), {
        name: `caller${caller}`,
      });
    }
    const { kernel } = this.#machine;
    if (posted) armTimer(kernel, this.#timer, 0, Math.max(nowNs, kernel.host.now));
  }

  /** A task that was killed, for a breach of UMCG's contract, answers nobody. */
  #forgetDead(caller: number): void {
    const tid = this.#tids[caller] ?? 0;
    if (tid === 0 || this.#machine.kernel.tasks.state(tid) !== TASK_DEAD) return;
    this.#tids[caller] = 0;
    if (this.#busy[caller]) this.#answer(caller, KILLED);
  }

  #answer(caller: number, state: number): void {
    this.#busy[caller] = false;
    // It may have been cancelled meanwhile.
    Atomics.compareExchange(this.#words, stateAt(caller) >> 2, POSTED, state);
    Atomics.notify(this.#words, stateAt(caller) >> 2);
  }

  /** In interrupt context. */
  #interrupt(): void {
    for (let caller = 1; caller <= this.#callers; caller++) {
      const tid = this.#tids[caller] ?? 0;
      if (tid !== 0 && this.#isPosted(caller)) tryToWakeUp(this.#machine.kernel, tid, TASK_NORMAL, 0);
    }
  }

  #isPosted(caller: number): boolean {
    return !this.#busy[caller] && Atomics.load(this.#words, stateAt(caller) >> 2) === POSTED;
  }

  *#serve(env: Env, caller: number): Coroutine<void> {
    const { kernel } = this.#machine;
    const { tid } = env;
    // Each turn is a call; the task ends with the machine.
    for (;;) {
      while (!this.#isPosted(caller)) {
        kernel.tasks.setWaitReason(tid, WAIT_DEVICE);
        setTaskState(kernel, tid, TASK_INTERRUPTIBLE);
        yield* schedule(kernel, tid);
        setTaskState(kernel, tid, TASK_RUNNING);
      }
      if (hasExitWork(kernel, tid)) yield* exitToUserMode(kernel, tid);
      this.#busy[caller] = true;
      const from = argsAt(caller) >> 3;
      const args = Array.from(this.#numbers.subarray(from, from + ARGUMENTS), (value) =>
        Number.isNaN(value) ? undefined : value,
      );
      const call = Atomics.load(this.#words, callAt(caller) >> 2);
      const result = yield* perform(env, call, args as number[]);
      this.#numbers[resultAt(caller) >> 3] = result;
      this.#answer(caller, SERVED);
    }
  }
}

/** Answers every call that is under way with `state`. How many. */
export function cancelCalls(words: Int32Array<SharedArrayBuffer>, callers: number, state: number): number {
  let cancelled = 0;
  for (let caller = 1; caller <= callers; caller++) {
    const at = stateAt(caller) >> 2;
    if (Atomics.compareExchange(words, at, POSTED, state) !== POSTED) continue;
    Atomics.notify(words, at);
    cancelled++;
  }
  return cancelled;
}
