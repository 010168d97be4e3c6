/**
 * Profile `hardened`: what happens to a worker, and how it gets to its servers.
 *
 * | event                                    | when it is noticed     | word                             | who is woken     |
 * |------------------------------------------|------------------------|----------------------------------|------------------|
 * | it blocks                                | schedule()             | RUNNING -> BLOCKED               | its server       |
 * | it woke up in the kernel                 | return to user mode    | BLOCKED -> IDLE\|LISTED, listed  | an idle server   |
 * | it was preempted (flag and kick)         | return to user mode    | RUNNING -> IDLE\|LISTED, listed  | its server       |
 * | it runs without a server                 | return to user mode    | RUNNING -> IDLE\|LISTED, listed  | an idle server   |
 * | its wait timed out, or a signal came     | in its wait            | IDLE -> IDLE\|LISTED, listed     | an idle server   |
 * | it went, off its server                  | exit, exec             | -> NONE                          | its server, also one that it had made RUNNING and not woken |
 * | it went while nobody was to look         | exit, exec             | -> NONE\|LISTED, listed          | an idle server   |
 * | it unregistered                          | sys_umcg_ctl           | -> NONE                          | its server, unless LOCKED |
 *
 * Flags and user bits are kept. LISTED is what tells a worker on the list from one that waits of its own accord: whoever
 * wants to make one ready claims it by IDLE -> IDLE|LOCKED, and may come so late that the worker has been run, has blocked
 * and has woken since. A listed worker sleeps until a server has made it RUNNING; only a deadly signal ends that
 * sleep otherwise. A preempted worker's server may have been woken by a timeout of its own: then it is RUNNING already (F35).
 *
 * A preemption that comes too late finds another state and does nothing (F36). The kick sets TIF_UMCG and nothing else, so
 * it interrupts no system call.
 */
import { type Addr, addr } from "../atomics/address.ts";
import { EAGAIN, EFAULT, EINTR, ETIMEDOUT } from "../atomics/errno.ts";
import type { Coroutine } from "../atomics/step.ts";
import {
  PF_UMCG_LISTED,
  TASK_KILLABLE,
  TASK_RUNNING,
  TIF_UMCG,
  WAIT_UMCG_IDLE,
} from "../kernel-sim/constants.ts";
import type { Kernel } from "../kernel-sim/kernel.ts";
import { DESCHEDULE } from "../kernel-sim/schedule.ts";
import { fatalSignalPending } from "../kernel-sim/signals.ts";
import { setTaskState } from "../kernel-sim/task-state.ts";
import { endTimeout } from "../kernel-sim/timed-wait.ts";
import {
  serverTidOf,
  stateOf,
  UMCG_TASK_BLOCKED,
  UMCG_TASK_IDLE,
  UMCG_TASK_NONE,
  UMCG_TASK_RUNNING,
  UMCG_TF_LISTED,
  UMCG_TF_LOCKED,
  UMCG_TF_PREEMPTED,
  UMCG_TF_STATE_MASK,
} from "./abi.ts";
import type { Breaches } from "./breaches.ts";
import * as die from "./die-reasons.ts";
import { HardenedLists, SERVER_GONE, WORD_TRIES } from "./hardened-lists.ts";
import type { TaskSide } from "./task-side.ts";

const KERNEL_BITS: number = UMCG_TF_STATE_MASK | UMCG_TF_LOCKED | UMCG_TF_PREEMPTED | UMCG_TF_LISTED;

export class HardenedEvents {
  readonly #kernel: Kernel;
  readonly #task: TaskSide;
  readonly #breaches: Breaches;
  readonly #lists: HardenedLists;

  constructor(kernel: Kernel, task: TaskSide, breaches: Breaches) {
    this.#kernel = kernel;
    this.#task = task;
    this.#breaches = breaches;
    this.#lists = new HardenedLists(kernel, task, breaches);
  }

  /** Block detection: T6, T7. The state word first, then the server. No step of it faults or sleeps. */
  *blocks(tid: number): Coroutine<void> {
    const { tasks, access } = this.#kernel;
    const self = addr(tasks.umcgTask(tid));
    for (let attempt = 0; attempt < WORD_TRIES; attempt++) {
      const word = yield* access.getUser32Nosleep(stateOf(self));
      if (word < 0) return this.#breaches.kill(tid, die.DIE_BLOCK_STATE);
      if (!this.#task.saysUnlockedRunning(word)) return;
      const blocked = (word & ~UMCG_TF_STATE_MASK) | UMCG_TASK_BLOCKED;
      const status = yield* access.cmpxchgUser32Nosleep(stateOf(self), word, blocked);
      // F32: somebody set PREEMPTED or LOCKED meanwhile.
      if (status === -EAGAIN) continue;
      if (status !== 0) return this.#breaches.kill(tid, die.DIE_BLOCK_STATE);
      this.#task.moved(tid, word, blocked);
      this.#task.setLook(tid);
      const server = yield* access.getUser32Nosleep(serverTidOf(self));
      if (server < 0) return this.#breaches.kill(tid, die.DIE_BLOCK_SERVER);
      if (server > 0) yield* this.#lists.wake(server);
      return;
    }
    this.#breaches.kill(tid, die.DIE_BLOCK_RACE);
  }

  /** On the way to user mode: no worker gets there but RUNNING with a server, or LOCKED, or on its way into a wait. */
  *resume(tid: number): Coroutine<void> {
    const { tasks, access } = this.#kernel;
    const self = addr(tasks.umcgTask(tid));
    // A turn that does not return has slept until a server ran the worker, or lost a race for the word: user space's doing.
    for (let lost = 0; lost < WORD_TRIES; ) {
      // Before the look at the word: a kick behind it is seen next time.
      tasks.dropWork(tid, TIF_UMCG);
      if (!this.#task.isWorker(tid)) return;
      const word = yield* access.getUser32(stateOf(self));
      const server = word < 0 ? 0 : yield* access.getUser32(serverTidOf(self));
      if (word < 0 || server < 0) return this.#breaches.kill(tid, die.DIE_RECORD);
      const to = this.#eventAt(word, server);
      if (to === word) return;
      if (to < 0) return this.#breaches.kill(tid, die.DIE_STATE);
      const status = yield* access.cmpxchgUser32(stateOf(self), word, to);
      if (status === -EFAULT) return this.#breaches.kill(tid, die.DIE_RECORD);
      if (status !== 0) {
        lost++;
        continue;
      }
      this.#task.moved(tid, word, to);
      const preempted = (word & UMCG_TF_STATE_MASK) === UMCG_TASK_RUNNING && this.#task.isServer(server);
      if (!(yield* this.list(tid, self, preempted ? server : 0))) return;
      yield* this.untilRun(tid, self);
      if (fatalSignalPending(this.#kernel, tid)) return;
      lost = 0;
    }
    this.#breaches.kill(tid, die.DIE_WAKE_RACE);
  }

  /** What a worker's word becomes at the return to user mode: itself, when it may go on; -1, when it is no worker's word. */
  #eventAt(word: number, server: number): number {
    const listed = ((word & ~UMCG_TF_STATE_MASK) | UMCG_TASK_IDLE | UMCG_TF_LISTED) >>> 0;
    const state = word & UMCG_TF_STATE_MASK;
    if (state === UMCG_TASK_BLOCKED) return listed;
    // LOCKED: in the middle of a transition. IDLE: on its way into its wait (F57).
    if (state === UMCG_TASK_IDLE || (state === UMCG_TASK_RUNNING && (word & UMCG_TF_LOCKED) !== 0))
      return word;
    if (state !== UMCG_TASK_RUNNING) return -1;
    return !this.#task.isServer(server) || (word & UMCG_TF_PREEMPTED) !== 0 ? listed : word;
  }

  /**
   * A timeout or a signal in the wait of task `tid`. 0: it is void, because the task is RUNNING or claimed; else the result
   * of the call: -ETIMEDOUT, -EINTR, -EFAULT. The state word decides (F38): a server becomes RUNNING by its own timeout, a
   * worker is listed and does not come back before a server has run it (F39).
   */
  *interrupts(tid: number, self: Addr, timedOut: boolean): Coroutine<number> {
    const { access } = this.#kernel;
    const task = this.#task;
    const word = yield* access.getUser32(stateOf(self));
    if (word < 0) return -EFAULT;
    if (task.saysUnlockedRunning(word)) return 0;
    const result = timedOut ? -ETIMEDOUT : -EINTR;
    if (!task.isWorker(tid)) {
      if (!timedOut) return -EINTR;
      const running = (word & ~UMCG_TF_STATE_MASK) | UMCG_TASK_RUNNING;
      const status = yield* access.cmpxchgUser32(stateOf(self), word, running);
      if (status === 0) task.moved(tid, word, running);
      return status === -EAGAIN ? 0 : status === 0 ? result : status;
    }
    if ((word & UMCG_TF_STATE_MASK) !== UMCG_TASK_IDLE && !task.saysLocked(word)) {
      this.#breaches.kill(tid, die.DIE_STATE);
      return -EINTR;
    }
    if (task.saysLocked(word)) {
      // Claimed: whoever did that runs it, or has somebody run it. A signal waits until then, and so does death's notice.
      this.#setListed(tid);
      yield* this.untilRun(tid, self);
      return fatalSignalPending(this.#kernel, tid) ? -EINTR : 0;
    }
    // Also when it dies of the signal: now nobody can claim it any more, and its end is listed instead (`leave`).
    const status = yield* access.cmpxchgUser32(stateOf(self), word, word | UMCG_TF_LISTED);
    if (status !== 0) return status === -EAGAIN ? 0 : status;
    task.moved(tid, word, word | UMCG_TF_LISTED);
    if (fatalSignalPending(this.#kernel, tid)) return -EINTR;
    endTimeout(this.#kernel, tid);
    if (yield* this.list(tid, self, 0)) yield* this.untilRun(tid, self);
    return result;
  }

  /**
   * The task leaves UMCG. `dies`: it exits, exec'd or was killed; else it called. The word says NONE from here on, for good;
   * then whoever has to know is told. A worker that is listed or claimed already will be met there, with NONE in its word.
   */
  *leave(tid: number, dies: boolean): Coroutine<void> {
    const { tasks, pages } = this.#kernel;
    const self = addr(tasks.umcgTask(tid));
    const worker = this.#task.clearWorker(tid);
    const listed = (tasks.flags(tid) & PF_UMCG_LISTED) !== 0;
    tasks.setFlags(tid, tasks.flags(tid) & ~PF_UMCG_LISTED);
    tasks.setUmcgTask(tid, 0);
    tasks.dropWork(tid, TIF_UMCG);
    pages.unpin(self);
    const word = yield* this.#writeNone(tid, self, worker);
    if (!worker) return yield* this.#lists.withdraw(self);
    if (word < 0) return;
    const running = (word & UMCG_TF_STATE_MASK) === UMCG_TASK_RUNNING;
    if (!dies && running && this.#task.saysLocked(word)) return;
    const server = running || dies ? yield* this.#kernel.access.getUser32(serverTidOf(self)) : 0;
    const woken = running && server > 0 ? yield* this.#lists.wake(server) : SERVER_GONE;
    if (dies && server > 0) yield* this.#lists.wakeRunning(server);
    if (woken !== SERVER_GONE) return;
    if (!dies || listed) return;
    // Its last event. Lists that are broken are nobody's business any more.
    if ((yield* this.#lists.enlist(tid, self)) === 0) yield* this.#lists.wakeIdle(self);
  }

  /**
   * Writes NONE, keeping the user's bits; with LISTED for a worker that was not RUNNING: the word says whether its end is to be
   * met on the list, or was told to its server. Returns the word before, or -EFAULT.
   */
  *#writeNone(tid: number, self: Addr, worker: boolean): Coroutine<number> {
    const { access } = this.#kernel;
    for (let attempt = 0; attempt < WORD_TRIES; attempt++) {
      const word = yield* access.getUser32(stateOf(self));
      if (word < 0) return word;
      const told = !worker || (word & UMCG_TF_STATE_MASK) === UMCG_TASK_RUNNING;
      const none = (word & ~KERNEL_BITS) | UMCG_TASK_NONE | (told ? 0 : UMCG_TF_LISTED);
      const status = yield* access.cmpxchgUser32(stateOf(self), word, none);
      if (status === 0) this.#task.moved(tid, word, none);
      if (status !== -EAGAIN) return status === 0 ? word : status;
    }
    return -EFAULT;
  }

  /** Lists the worker, whose word says IDLE by now, then has `server` look, or (0) an idle one. False: it dies instead. */
  *list(tid: number, self: Addr, server: number): Coroutine<boolean> {
    const pushed = yield* this.#lists.enlist(tid, self);
    if (pushed !== 0) {
      this.#breaches.kill(tid, pushed);
      return false;
    }
    this.#setListed(tid);
    const gone = server !== 0 && (yield* this.#lists.wake(server)) === SERVER_GONE;
    const failed = server === 0 || gone ? yield* this.#lists.wakeIdle(self) : 0;
    if (failed !== 0) this.#breaches.kill(tid, failed);
    return failed === 0;
  }

  /** Sleeps until a server has made the worker RUNNING, or it is to die. A handler's signal waits. */
  *untilRun(tid: number, self: Addr): Coroutine<void> {
    const kernel = this.#kernel;
    const { tasks, access } = kernel;
    // Every turn sleeps.
    for (;;) {
      setTaskState(kernel, tid, TASK_KILLABLE);
      const word = yield* access.getUser32(stateOf(self));
      const dies = word < 0 || fatalSignalPending(kernel, tid);
      if (dies || this.#task.saysUnlockedRunning(word)) {
        setTaskState(kernel, tid, TASK_RUNNING);
        if (word < 0) this.#breaches.kill(tid, die.DIE_RECORD);
        if (!dies) tasks.setFlags(tid, tasks.flags(tid) & ~PF_UMCG_LISTED);
        // It may have been run without a server (F14), or preempted since.
        this.#task.setLook(tid);
        return;
      }
      tasks.setWaitReason(tid, WAIT_UMCG_IDLE);
      tasks.setWaitOn(tid, self);
      // Not a bare yield: its result object would be kept as long as the sleep lasts.
      yield* DESCHEDULE;
    }
  }

  #setListed(tid: number): void {
    const { tasks } = this.#kernel;
    tasks.setFlags(tid, tasks.flags(tid) | PF_UMCG_LISTED);
  }
}
