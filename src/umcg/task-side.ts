/**
 * What UMCG does to task records between two steps on user memory: the plain half of a profile.
 *
 * Everything here is atomic. The coroutines in posted.ts only order the steps and hand what they read to these methods:
 * V8 compiles a coroutine less well than a method (its context is unknown at every resume, so that each imported name
 * costs four loads and two checks), and the decisions are easier to test one by one.
 */
import type { Addr } from "../atomics/address.ts";
import { ESRCH } from "../atomics/errno.ts";
import type { Step } from "../atomics/step.ts";
import { wakeFlags } from "../kernel-sim/config.ts";
import {
  PF_UMCG_WORKER,
  SIGSEGV,
  TASK_DEAD,
  TASK_INTERRUPTIBLE,
  TASK_NEW,
  TASK_NORMAL,
  TASK_RUNNING,
  TIF_UMCG,
  WAIT_UMCG,
} from "../kernel-sim/constants.ts";
import type { Kernel } from "../kernel-sim/kernel.ts";
import { forceSignal } from "../kernel-sim/signals.ts";
import * as taskState from "../kernel-sim/task-state.ts";
import * as wakeup from "../kernel-sim/wakeup.ts";
import { TRACE_UMCG_DIE, TRACE_UMCG_STATE } from "../trace/events.ts";
import { UMCG_TASK_RUNNING, UMCG_TF_LOCKED, UMCG_TF_STATE_MASK } from "./abi.ts";

// Copies: V8 folds what is in the same module only, and these are looked at up to five times a switch.
const { setTaskState } = taskState;
const { chargeWake, tryToWakeUp } = wakeup;
const RUNNING: number = UMCG_TASK_RUNNING;
const LOCKED: number = UMCG_TF_LOCKED;
const STATE: number = UMCG_TF_STATE_MASK;
const WORKER: number = PF_UMCG_WORKER;
const NORMAL: number = TASK_NORMAL;
const AWAKE: number = TASK_RUNNING;
const ASLEEP: number = TASK_INTERRUPTIBLE;
const DEAD: number = TASK_DEAD;
const NEW: number = TASK_NEW;
const FOR_UMCG: number = WAIT_UMCG;

export class TaskSide {
  declare private readonly kernel: Kernel;
  declare private readonly switchFlags: number;

  constructor(kernel: Kernel) {
    this.kernel = kernel;
    this.switchFlags = wakeFlags(kernel.config.wake.umcg);
  }

  /** Are blocking and waking of this task reported to user space? */
  isWorker(tid: number): boolean {
    return (this.kernel.tasks.flags(tid) & WORKER) !== 0;
  }

  setWorker(tid: number): void {
    const { tasks } = this.kernel;
    tasks.setFlags(tid, tasks.flags(tid) | PF_UMCG_WORKER);
  }

  /** Clears the worker flag for the time in which its detection must not run again. Returns whether it was set. */
  clearWorker(tid: number): boolean {
    const { tasks } = this.kernel;
    const flags = tasks.flags(tid);
    tasks.setFlags(tid, flags & ~PF_UMCG_WORKER);
    return (flags & PF_UMCG_WORKER) !== 0;
  }

  /** Is this the tid, which may be any word, of a registered task? Of a registered server? Of a worker? */
  isUmcg(tid: number): boolean {
    return tid > 0 && tid <= this.kernel.lastTid && this.kernel.tasks.umcgTask(tid) !== 0;
  }
  isServer(tid: number): boolean {
    return this.isUmcg(tid) && !this.isWorker(tid);
  }
  isUmcgWorker(tid: number): boolean {
    return this.isUmcg(tid) && this.isWorker(tid);
  }

  /** The profile wants to see the worker's word when it returns to user mode. */
  setLook(tid: number): void {
    this.kernel.tasks.addWork(tid, TIF_UMCG);
  }

  /** Is there a living task of this tid, which may be any word? */
  exists(tid: number): boolean {
    const { tasks, lastTid } = this.kernel;
    if (!(tid > 0 && tid <= lastTid)) return false;
    const state = tasks.state(tid);
    return state !== DEAD && state !== NEW;
  }

  /** The cost of waking `tid`, to be paid before `wake`: nothing but a look when there is no such task. */
  chargeWake(tid: number): Step<void> {
    const kernel = this.kernel;
    return chargeWake(kernel, tid <= kernel.lastTid ? tid : 0, NORMAL);
  }

  /** Wakes any task of the machine. 0, or -ESRCH: there is none. */
  wake(tid: number): number {
    if (!this.exists(tid)) return -ESRCH;
    tryToWakeUp(this.kernel, tid, NORMAL, this.switchFlags);
    return 0;
  }

  /** The cost of waking `tid`, which is that of a registered task, and the waking itself. */
  chargeSwitch(tid: number): Step<void> {
    return chargeWake(this.kernel, tid, NORMAL);
  }
  switchTo(tid: number): void {
    tryToWakeUp(this.kernel, tid, NORMAL, this.switchFlags);
  }

  /** The task state says asleep from here on; the words are looked at after this. */
  announceSleep(tid: number): void {
    setTaskState(this.kernel, tid, ASLEEP);
  }

  /** The look at its own state word after `announceSleep`. False: it need not, or cannot, sleep. */
  fallsAsleep(tid: number, self: Addr, reason: number, word: number): boolean {
    const { tasks } = this.kernel;
    if (word < 0 || this.saysRunning(word)) {
      setTaskState(this.kernel, tid, TASK_RUNNING);
      return false;
    }
    tasks.setWaitReason(tid, reason);
    tasks.setWaitOn(tid, self);
    return true;
  }

  /** The same in the hardened profile: a worker whose word is LOCKED, by whoever claimed it, sleeps on. */
  staysAsleep(tid: number, self: Addr, word: number): boolean {
    const { tasks } = this.kernel;
    if (word < 0 || this.saysUnlockedRunning(word)) {
      setTaskState(this.kernel, tid, AWAKE);
      return false;
    }
    tasks.setWaitReason(tid, FOR_UMCG);
    tasks.setWaitOn(tid, self);
    return true;
  }

  /** Does schedule() look at the words of this task? F17: the read before it may have left the state RUNNING. */
  detectsBlock(tid: number): boolean {
    return this.isWorker(tid) && this.kernel.tasks.state(tid) !== TASK_RUNNING;
  }

  // What a state word says. One that could not be read is negative, and says nothing.

  saysRunning(word: number): boolean {
    return word >= 0 && (word & STATE) === RUNNING;
  }
  saysLocked(word: number): boolean {
    return word >= 0 && (word & LOCKED) !== 0;
  }
  /** RUNNING and not locked: blocking and waking of the worker are reported. */
  saysUnlockedRunning(word: number): boolean {
    return word >= 0 && (word & (LOCKED | STATE)) === RUNNING;
  }

  moved(owner: number, from: number, to: number): void {
    if (this.kernel.trace.on) this.kernel.emit(TRACE_UMCG_STATE, owner, from | 0, to | 0);
  }

  /** A breach of contract: SIGSEGV, at the next return to user mode. It stops nothing that is under way. */
  die(tid: number, reason: number): void {
    if (this.kernel.trace.on) this.kernel.emit(TRACE_UMCG_DIE, tid, reason, 0);
    forceSignal(this.kernel, tid, SIGSEGV);
  }
}
