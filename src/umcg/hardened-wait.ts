/**
 * Profile `hardened`: the call of sys_umcg_wait that sleeps. It wakes next_tid, or a worker's server; then it sleeps until
 * the state word says RUNNING.
 *
 * This is the path of a context switch, and a million workers may sleep in this call. So it is no coroutine: `SleepingWait`
 * is an object that keeps what a generator's frame would, which is little, and `WaitPath` has a plain method for what lies
 * between two steps. Each method takes the next step and hands what it came to on to the method behind it:
 *
 *     begin -> target -> (toServer) -> ownWord -> (unlocked) -> wakes -> charged -> woken -> sleeps -> slept
 *     looked, after the sleep -> server -> leaves
 *
 * A step that has already happened goes on at once (`step.done`). For one that has to yield `SleepingWait` writes down where
 * the call is, and passes on what the step yields. What is rare is a coroutine, and a step like any other.
 *
 * Rejected: one generator for the whole call, whose frame is 300 bytes for each task that sleeps; and one for each stretch
 * between two sleeps, which is 700 instructions a switch for making it, resuming it and collecting it (docs/performance.md).
 */
import type { Addr } from "../atomics/address.ts";
import { EFAULT, ESRCH } from "../atomics/errno.ts";
import type { Call, Coroutine, Step, StepIterator, Yielded } from "../atomics/step.ts";
import { RESUME } from "../atomics/step.ts";
import { NR_UMCG_WAIT, TASK_RUNNING } from "../kernel-sim/constants.ts";
import { YIELD_SCHEDULE } from "../kernel-sim/host.ts";
import type { Kernel } from "../kernel-sim/kernel.ts";
import * as signals from "../kernel-sim/signals.ts";
import * as entry from "../kernel-sim/syscalls/entry.ts";
import { setTaskState } from "../kernel-sim/task-state.ts";
import { endTimeout, startTimeout } from "../kernel-sim/timed-wait.ts";
import * as abi from "./abi.ts";
import type { HardenedEvents } from "./hardened-events.ts";
import { unlock } from "./hardened-unlock.ts";
import type { TaskSide } from "./task-side.ts";

// Copies: V8 folds what is in the same module only, and each switch passes by these.
const { nextTidOf, serverTidOf, stateOf } = abi;
const { hasExitWork, signalPending } = signals;
const { sysExit } = entry;
const NR_WAIT: number = NR_UMCG_WAIT;

// Where a call goes on: the method that takes what its step came to.
const BEGIN = 0;
const TARGET = 1;
const TO_SERVER = 2;
const OWN_WORD = 3;
const UNLOCKED = 4;
const CHARGED = 5;
const WOKEN = 6;
const SLEEPS = 7;
const SLEPT = 8;
const INTERRUPTED = 9;
/** The task sleeps: no step is under way. */
const ASLEEP = 10;
const LOOKED = 11;
const SERVER = 12;
const ENDED = 13;

type Turn = IteratorResult<Yielded, number>;
/** A step that has yielded. */
type Ongoing = StepIterator<number> | StepIterator<void>;

const DESCHEDULED: Turn = { done: false, value: YIELD_SCHEDULE };

export class SleepingWait implements Call<number>, StepIterator<number> {
  declare private readonly path: WaitPath;
  /** ns since boot, 0 = none. */
  declare until: number;
  /** Who is to be woken, 0 = nobody; negative: the error that ends the call. */
  declare target: number;
  declare at: number;
  /** The step that has yielded. */
  declare private step: Ongoing | undefined;

  constructor(path: WaitPath) {
    this.path = path;
    this.until = 0;
    this.target = 0;
    this.at = BEGIN;
    this.step = undefined;
  }

  [Symbol.iterator](): StepIterator<number> {
    return this;
  }

  next(): Turn {
    if (this.step !== undefined) return this.#resume(this.step);
    return this.at === ASLEEP ? this.path.look(this) : this.path.begin(this);
  }

  #resume(step: Ongoing): Turn {
    const turn = step.next(RESUME);
    if (turn.done !== true) return turn;
    this.step = undefined;
    return this.path.goOn(this, turn.value as number);
  }

  /** `step` has not happened yet: the call goes on `at` with what it comes to. */
  awaits(step: Step<number> | Step<void>, at: number): Turn {
    this.at = at;
    const iterator: Ongoing = step[Symbol.iterator]();
    const turn = iterator.next();
    if (turn.done === true) return this.path.goOn(this, turn.value as number);
    this.step = iterator;
    return turn;
  }
}

/** What all these calls of a machine have in common. */
export class WaitPath {
  declare private readonly kernel: Kernel;
  declare private readonly task: TaskSide;
  declare private readonly events: HardenedEvents;
  /** The call that has ended last, to be used again: with a new one the frame of a task that sleeps points to a young object. */
  declare private spare: SleepingWait | undefined;
  /** The end of a call. Its result is read at once, as that of a step is. */
  readonly #ended: { done: true; value: number } = { done: true, value: 0 };
  constructor(kernel: Kernel, task: TaskSide, events: HardenedEvents) {
    this.kernel = kernel;
    this.task = task;
    this.events = events;
    this.spare = undefined;
  }

  /** A call of the task that runs, which has entered the kernel. */
  call(until: number): SleepingWait {
    const call = this.spare ?? new SleepingWait(this);
    this.spare = undefined;
    call.until = until;
    call.at = BEGIN;
    return call;
  }

  /** The step that `call` has waited for came to `value`. */
  goOn(call: SleepingWait, value: number): Turn {
    const tid: number = this.kernel.current;
    const self = this.#record(tid);
    switch (call.at) {
      case TARGET:
        return this.#target(call, tid, self, value);
      case TO_SERVER:
        return this.#toServer(call, tid, self, value);
      case OWN_WORD:
        return this.#ownWord(call, tid, self, value);
      case UNLOCKED:
        return value === 0 ? this.#wakes(call, tid, self, call.target) : this.#leaves(call, tid, value);
      case CHARGED:
        return this.#charged(call, tid, self, call.target);
      case WOKEN:
        return this.#woken(call, tid, self);
      case SLEEPS:
        return this.#sleeps(call, tid, self);
      case SLEPT:
        return this.#slept(call, tid, self, value);
      case INTERRUPTED:
        return value === 0 ? this.#sleeps(call, tid, self) : this.#leaves(call, tid, value);
      case LOOKED:
        return this.#looked(call, tid, self, value);
      case SERVER:
        return this.#server(call, tid, value);
      default:
        return this.#returns(call, value);
    }
  }

  begin(call: SleepingWait): Turn {
    const tid: number = this.kernel.current;
    const self = this.#record(tid);
    const step = this.kernel.access.getUser32(nextTidOf(self));
    return step.done ? this.#target(call, tid, self, step.value) : call.awaits(step, TARGET);
  }

  /** `next`: what next_tid says. */
  #target(call: SleepingWait, tid: number, self: Addr, next: number): Turn {
    const task = this.task;
    if (next !== 0 && !task.isUmcg(next)) return this.#leaves(call, tid, next < 0 ? next : -ESRCH);
    if (!task.isWorker(tid)) return this.#wakes(call, tid, self, next);
    if (next !== 0) return this.#readOwnWord(call, tid, self, next);
    const step = this.kernel.access.getUser32(serverTidOf(self));
    return step.done ? this.#toServer(call, tid, self, step.value) : call.awaits(step, TO_SERVER);
  }

  /** A worker that names nobody passes its CPU on to its server. */
  #toServer(call: SleepingWait, tid: number, self: Addr, server: number): Turn {
    const wrong = server > 0 && !this.task.isServer(server);
    return this.#readOwnWord(call, tid, self, wrong ? -ESRCH : server);
  }

  #readOwnWord(call: SleepingWait, tid: number, self: Addr, target: number): Turn {
    call.target = target;
    const step = this.kernel.access.getUser32(stateOf(self));
    return step.done ? this.#ownWord(call, tid, self, step.value) : call.awaits(step, OWN_WORD);
  }

  #ownWord(call: SleepingWait, tid: number, self: Addr, word: number): Turn {
    const target = call.target;
    if (target < 0) return this.#leaves(call, tid, target);
    // Before the wake: the target may look at this word at once.
    const unlocked = word >= 0 && !this.task.saysLocked(word);
    return unlocked
      ? this.#wakes(call, tid, self, target)
      : call.awaits(unlock(this.kernel.access, stateOf(self)), UNLOCKED);
  }

  #wakes(call: SleepingWait, tid: number, self: Addr, target: number): Turn {
    if (target === 0) return this.#woken(call, tid, self);
    const charge = this.task.chargeSwitch(target);
    if (charge.done) return this.#charged(call, tid, self, target);
    call.target = target;
    return call.awaits(charge, CHARGED);
  }

  #charged(call: SleepingWait, tid: number, self: Addr, target: number): Turn {
    const host = this.kernel.host;
    const now = host.now;
    // One that went since the look above went behind this switch: the caller is unlocked already, and waits (I14).
    if (this.task.isUmcg(target)) this.task.switchTo(target);
    // An IPI costs the waker time behind its effect; a wake-up on this CPU costs none.
    return host.now === now ? this.#woken(call, tid, self) : call.awaits(host.sync(), WOKEN);
  }

  #woken(call: SleepingWait, tid: number, self: Addr): Turn {
    if (call.until === 0) return this.#sleeps(call, tid, self);
    return call.awaits(startTimeout(this.kernel, tid, call.until), SLEEPS);
  }

  // ---- the sleep ----------------------------------------------------------------------------------------------------

  /** Comes back here until somebody says RUNNING, the timeout is over or a signal comes. */
  #sleeps(call: SleepingWait, tid: number, self: Addr): Turn {
    this.task.announceSleep(tid);
    const step = this.kernel.access.getUser32(stateOf(self));
    return step.done ? this.#slept(call, tid, self, step.value) : call.awaits(step, SLEPT);
  }

  #slept(call: SleepingWait, tid: number, self: Addr, word: number): Turn {
    const kernel = this.kernel;
    if (!this.task.staysAsleep(tid, self, word)) return this.#awake(call, tid, self, word);
    const timedOut = call.until !== 0 && !kernel.timers.isArmed(tid);
    if (timedOut || signalPending(kernel, tid)) {
      setTaskState(kernel, tid, TASK_RUNNING);
      return call.awaits(this.events.interrupts(tid, self, timedOut), INTERRUPTED);
    }
    call.at = ASLEEP;
    return DESCHEDULED;
  }

  // ---- the way back -------------------------------------------------------------------------------------------------

  /** The first step of a task that has slept: the look at its state word. */
  look(call: SleepingWait): Turn {
    const tid: number = this.kernel.current;
    const self = this.#record(tid);
    const step = this.kernel.access.getUser32(stateOf(self));
    return step.done ? this.#looked(call, tid, self, step.value) : call.awaits(step, LOOKED);
  }

  #looked(call: SleepingWait, tid: number, self: Addr, word: number): Turn {
    const sleeps = word >= 0 && !this.task.saysUnlockedRunning(word);
    return sleeps ? this.#sleeps(call, tid, self) : this.#awake(call, tid, self, word);
  }

  /** `word` could not be read or says that the task runs. */
  #awake(call: SleepingWait, tid: number, self: Addr, word: number): Turn {
    if (word < 0) return this.#leaves(call, tid, -EFAULT);
    if (!this.task.isWorker(tid)) return this.#leaves(call, tid, 0);
    const step = this.kernel.access.getUser32(serverTidOf(self));
    return step.done ? this.#server(call, tid, step.value) : call.awaits(step, SERVER);
  }

  /** F14: woken without a server it goes on the list instead of to user mode. */
  #server(call: SleepingWait, tid: number, server: number): Turn {
    if (!this.task.isServer(server)) this.task.setLook(tid);
    return this.#leaves(call, tid, 0);
  }

  #leaves(call: SleepingWait, tid: number, result: number): Turn {
    const kernel = this.kernel;
    if (call.until !== 0) endTimeout(kernel, tid);
    if (result < 0 || hasExitWork(kernel, tid)) return call.awaits(this.#workOff(tid, result), ENDED);
    return this.#returns(call, sysExit(kernel, tid, NR_WAIT, result));
  }

  *#workOff(tid: number, result: number): Coroutine<number> {
    const kernel = this.kernel;
    if (result < 0) yield* kernel.host.sync();
    if (hasExitWork(kernel, tid)) yield* signals.exitToUserMode(kernel, tid);
    return sysExit(kernel, tid, NR_WAIT, result);
  }

  #returns(call: SleepingWait, result: number): Turn {
    this.spare = call;
    const ended = this.#ended;
    ended.value = result;
    return ended;
  }

  #record(tid: number): Addr {
    return this.kernel.tasks.umcgTask(tid) as Addr;
  }
}
