/**
 * Profile `hardened`: the call of sys_umcg_wait that sleeps. It wakes next_tid, or a worker's server; then it sleeps until
 * the state word says RUNNING.
 *
 * A million workers may sleep in this call, so what it keeps meanwhile is one small object, `SleepingWait`. The code from
 * one sleep to the next is a generator, `stretch`, which is gone when the task sleeps. Rejected: one generator for the
 * whole call. Its frame is 300 bytes, more than anything else that is kept of a worker, and it is not faster.
 *
 * `stretch` is one coroutine, and `yield*` of a step that has already happened is written out as
 * `step.done ? step.value : yield* step`, because this is the path of a context switch; so is the way back from a sleep in
 * `back`, which is no coroutine at all (docs/performance.md).
 */
import type { Addr } from "../atomics/address.ts";
import { EAGAIN, EFAULT, ESRCH } from "../atomics/errno.ts";
import {
  type Call,
  Completed,
  type Coroutine,
  RESUME,
  type Step,
  type StepIterator,
  type Yielded,
} from "../atomics/step.ts";
import { NR_UMCG_WAIT, TASK_RUNNING } from "../kernel-sim/constants.ts";
import { YIELD_SCHEDULE } from "../kernel-sim/host.ts";
import type { Kernel } from "../kernel-sim/kernel.ts";
import { exitToUserMode, hasExitWork, signalPending } from "../kernel-sim/signals.ts";
import { sysExit } from "../kernel-sim/syscalls/entry.ts";
import { setTaskState } from "../kernel-sim/task-state.ts";
import { endTimeout, startTimeout } from "../kernel-sim/timed-wait.ts";
import { nextTidOf, serverTidOf, stateOf, UMCG_TF_LOCKED, UMCG_TF_PREEMPTED } from "./abi.ts";
import type { HardenedEvents } from "./hardened-events.ts";
import { WORD_TRIES } from "./hardened-lists.ts";
import type { TaskSide } from "./task-side.ts";

/** Instead of a result, which is 0 or an error: the task has announced its sleep and is to be descheduled. */
const SLEEPS = 1;
/** Instead of a result: there is more to do than `back` can. */
const GOES_ON = 1;

const DESCHEDULED: IteratorResult<Yielded, number> = { done: false, value: YIELD_SCHEDULE };

export class SleepingWait implements Call<number>, StepIterator<number> {
  declare private readonly path: WaitPath;
  /** ns since boot, 0 = none. */
  declare private readonly until: number;
  /** undefined: the task sleeps. */
  declare private stretch: Coroutine<number> | undefined;

  constructor(path: WaitPath, until: number) {
    this.path = path;
    this.until = until;
    this.stretch = path.stretch(until, undefined);
  }

  [Symbol.iterator](): StepIterator<number> {
    return this;
  }

  next(): IteratorResult<Yielded, number> {
    if (this.stretch === undefined) {
      let step = this.path.look();
      if (step.done) {
        const word = step.value;
        const result = this.path.back(word, this.until);
        if (result !== GOES_ON) return { done: true, value: result };
        step = new Completed(word);
      }
      this.stretch = this.path.stretch(this.until, step);
    }
    const turn = this.stretch.next(RESUME);
    if (turn.done !== true || turn.value !== SLEEPS) return turn;
    this.stretch = undefined;
    return DESCHEDULED;
  }
}

/** What all these calls of a machine have in common. */
export class WaitPath {
  declare private readonly kernel: Kernel;
  declare private readonly task: TaskSide;
  declare private readonly events: HardenedEvents;

  constructor(kernel: Kernel, task: TaskSide, events: HardenedEvents) {
    this.kernel = kernel;
    this.task = task;
    this.events = events;
  }

  /** The first step of a task that has slept: the look at its state word. */
  look(): Step<number> {
    const kernel = this.kernel;
    return kernel.access.getUser32(stateOf(kernel.tasks.umcgTask(kernel.current) as Addr));
  }

  /** The way back of a task that has slept and has nothing else to do: the call's result, or GOES_ON. `word`: its state. */
  back(word: number, until: number): number {
    const kernel = this.kernel;
    const task = this.task;
    const tid = kernel.current;
    if (until !== 0 || !task.saysUnlockedRunning(word) || hasExitWork(kernel, tid)) return GOES_ON;
    if (task.isWorker(tid)) {
      const step = kernel.access.getUser32(serverTidOf(kernel.tasks.umcgTask(tid) as Addr));
      if (!step.done || !task.isServer(step.value)) return GOES_ON;
    }
    return sysExit(kernel, tid, NR_UMCG_WAIT, 0);
  }

  /**
   * From the entry of the call, or from the end of a sleep, to the next sleep (SLEEPS) or the end of the call (its result).
   * `look`: of a task that has slept, its look at its state word.
   */
  *stretch(until: number, look: Step<number> | undefined): Coroutine<number> {
    const kernel = this.kernel;
    const { access } = kernel;
    const task = this.task;
    const tid = kernel.current;
    const self = kernel.tasks.umcgTask(tid) as Addr;
    const state = stateOf(self);
    let word = 0;
    let result = 0;
    let awake = false;
    let step: Step<number>;
    if (look !== undefined) {
      word = look.done ? look.value : yield* look;
      awake = word < 0 || task.saysUnlockedRunning(word);
    } else {
      step = access.getUser32(nextTidOf(self));
      let next = step.done ? step.value : yield* step;
      if (next !== 0 && !task.isUmcg(next)) result = next < 0 ? next : -ESRCH;
      if (result === 0 && task.isWorker(tid)) {
        if (next === 0) {
          next = yield* access.getUser32(serverTidOf(self));
          if (next !== 0 && !task.isServer(next)) result = next < 0 ? next : -ESRCH;
        }
        step = access.getUser32(state);
        word = step.done ? step.value : yield* step;
        // Before the wake: the target may look at this word at once.
        if (result === 0 && (word < 0 || task.saysLocked(word))) result = yield* this.#unlock(state);
      }
      if (result === 0 && next > 0) {
        const charge = task.chargeWake(next);
        if (!charge.done) yield* charge;
        const { now } = kernel.host;
        // One that went since the look above went behind this switch: the caller is unlocked already, and waits (I14).
        if (task.isUmcg(next)) task.wake(next);
        // An IPI costs the waker time behind its effect; a wake-up on this CPU costs none.
        if (kernel.host.now !== now) yield* kernel.host.sync();
      }
      if (result === 0 && until !== 0) yield* startTimeout(kernel, tid, until);
    }
    // Every turn sleeps or settles an event: the call ends when somebody says RUNNING, with the timeout, or with a signal.
    while (result === 0 && !awake) {
      task.announceSleep(tid);
      step = access.getUser32(state);
      word = step.done ? step.value : yield* step;
      if (!task.staysAsleep(tid, self, word)) break;
      const timedOut = until !== 0 && !kernel.timers.isArmed(tid);
      if (!timedOut && !signalPending(kernel, tid)) return SLEEPS;
      setTaskState(kernel, tid, TASK_RUNNING);
      result = yield* this.events.interrupts(tid, self, timedOut);
    }
    return yield* this.#end(tid, self, result === 0 && word < 0 ? -EFAULT : result, until);
  }

  *#end(tid: number, self: Addr, result: number, until: number): Coroutine<number> {
    const kernel = this.kernel;
    if (result === 0 && this.task.isWorker(tid)) {
      // F14: woken without a server it goes on the list instead of to user mode.
      const server = yield* kernel.access.getUser32(serverTidOf(self));
      if (!this.task.isServer(server)) this.task.setLook(tid);
    }
    if (until !== 0) endTimeout(kernel, tid);
    if (result < 0) yield* kernel.host.sync();
    if (hasExitWork(kernel, tid)) yield* exitToUserMode(kernel, tid);
    return sysExit(kernel, tid, NR_UMCG_WAIT, result);
  }

  /** A worker that waits is not locked, and has given its CPU up: preempting it would be pointless. Its LOCKED is its own. */
  *#unlock(state: Addr): Coroutine<number> {
    const { access } = this.kernel;
    for (let attempt = 0; attempt < WORD_TRIES; attempt++) {
      const word = yield* access.getUser32(state);
      if (word < 0) return word;
      const status = yield* access.cmpxchgUser32(state, word, word & ~(UMCG_TF_LOCKED | UMCG_TF_PREEMPTED));
      if (status !== -EAGAIN) return status;
    }
    return -EFAULT;
  }
}
