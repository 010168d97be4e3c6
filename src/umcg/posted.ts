/**
 * Profile `posted`: UMCG v0.3 as posted in July 2021, flaws included, so that they can be studied and found.
 *
 * Where a flaw lives it is marked with its number F. What the kernel guarantees without them:
 * - wait and wake commute. The waiter sets its task state, then reads its UMCG state; the waker wrote that state before
 *   it issues its one wake-up. In any order of these steps the waiter sees RUNNING, or the waker finds it asleep. The
 *   result of the wake-up can therefore be ignored (F10 and F19 are the versions that did otherwise).
 * - block detection marks the worker BLOCKED before its server can run: state word first, wake-up second.
 * - wake detection pushes the worker before it looks for an idle server; an idle server publishes itself before it looks
 *   at the list. With sequentially consistent steps one of the two sees the other (F11 needs weaker ones).
 *
 * Who writes the words: worker RUNNING -> BLOCKED -> IDLE and server IDLE -> RUNNING here; all else user space.
 */
import type { Addr } from "../atomics/address.ts";
import { EFAULT, EINTR, EINVAL, ENOSYS, EOPNOTSUPP, ESRCH } from "../atomics/errno.ts";
import type { Coroutine, Step } from "../atomics/step.ts";
import {
  NR_UMCG_CTL,
  NR_UMCG_KICK,
  NR_UMCG_WAIT,
  TASK_NORMAL,
  WAIT_UMCG,
  WAIT_UMCG_IDLE,
  WF_CURRENT_CPU,
} from "../kernel-sim/constants.ts";
import { YIELD_SCHEDULE } from "../kernel-sim/host.ts";
import type { Tid } from "../kernel-sim/ids.ts";
import type { Kernel } from "../kernel-sim/kernel.ts";
import { exitToUserMode, hasExitWork, signalPending } from "../kernel-sim/signals.ts";
import { sysEnter, sysExit } from "../kernel-sim/syscalls/entry.ts";
import { tryToWakeUp } from "../kernel-sim/wakeup.ts";
import {
  nextTidOf,
  serverTidOf,
  stateOf,
  UMCG_API_VERSION,
  UMCG_CTL_REGISTER,
  UMCG_CTL_UNREGISTER,
  UMCG_CTL_WORKER,
  UMCG_TASK_IDLE,
  UMCG_TASK_RUNNING,
  UMCG_TASK_SIZE,
  UMCG_TF_LOCKED,
  UMCG_TF_STATE_MASK,
  UMCG_WAIT_WAKE_ONLY,
  UMCG_WAIT_WF_CURRENT_CPU,
} from "./abi.ts";
import * as die from "./die-reasons.ts";
import { PostedServers, type UninitialisedLocal } from "./posted-servers.ts";
import { TaskSide } from "./task-side.ts";
import type { Umcg } from "./umcg.ts";

export class PostedUmcg implements Umcg {
  readonly profile = "posted" as const;
  declare private readonly kernel: Kernel;
  declare private readonly task: TaskSide;
  declare private readonly servers: PostedServers;

  constructor(kernel: Kernel, local: UninitialisedLocal = "zero") {
    this.kernel = kernel;
    this.task = new TaskSide(kernel);
    this.servers = new PostedServers(kernel, this.task, local);
  }

  // ---- sys_umcg_ctl -------------------------------------------------------------------------------------------------

  *ctl(flags: number, self: Addr): Coroutine<number> {
    const kernel = this.kernel;
    const tid = sysEnter(kernel, NR_UMCG_CTL, flags);
    yield* kernel.host.sync();
    const result =
      flags === UMCG_CTL_UNREGISTER ? this.#unregister(tid, self) : yield* this.#register(tid, flags, self);
    if (hasExitWork(kernel, tid)) yield* exitToUserMode(kernel, tid);
    return sysExit(kernel, tid, NR_UMCG_CTL, result);
  }

  /** T11. F43: nobody is woken and no list is touched. */
  #unregister(tid: number, self: Addr): number {
    const { tasks } = this.kernel;
    if (self !== 0 || tasks.umcgTask(tid) === 0) return -EINVAL;
    this.task.clearWorker(tid);
    tasks.setUmcgTask(tid, 0);
    return 0;
  }

  *#register(tid: number, flags: number, self: Addr): Coroutine<number> {
    const { tasks, access } = this.kernel;
    const kind = flags & ~UMCG_CTL_REGISTER;
    if ((flags & UMCG_CTL_REGISTER) === 0 || (kind !== 0 && kind !== UMCG_CTL_WORKER)) return -EINVAL;
    if (tasks.umcgTask(tid) !== 0) return -EINVAL;
    const copy = new DataView(new ArrayBuffer(UMCG_TASK_SIZE));
    if ((yield* access.copyFromUser(self, new Uint8Array(copy.buffer))) < 0) return -EFAULT;
    const [state, version, serverTid, nextTid] = [0, 4, 8, 12].map((at) => copy.getUint32(at, true));
    if (version !== UMCG_API_VERSION) return UMCG_API_VERSION;
    if (serverTid !== 0 || nextTid !== 0) return -EINVAL;
    const worker = kind === UMCG_CTL_WORKER;
    if (state !== (worker ? UMCG_TASK_IDLE : UMCG_TASK_RUNNING)) return -EINVAL;
    tasks.setUmcgTask(tid, self);
    if (!worker) return 0;
    this.task.setWorker(tid);
    yield* this.#workerRuns(tid, self);
    return 0;
  }

  // ---- sys_umcg_wait ------------------------------------------------------------------------------------------------

  wait(flags: number, absTimeoutNs = 0): Coroutine<number> {
    const kernel = this.kernel;
    const tid = sysEnter(kernel, NR_UMCG_WAIT, flags);
    const self = kernel.tasks.umcgTask(tid) as Addr;
    // F18: unknown flag bits pass unnoticed on the first path.
    const sleeps = self !== 0 && absTimeoutNs === 0 && (flags & UMCG_WAIT_WAKE_ONLY) === 0;
    return sleeps ? this.#sleep(tid, self, WAIT_UMCG) : this.#waitAwake(tid, self, flags, absTimeoutNs);
  }

  /** The calls that do not sleep: WAKE_ONLY, and those that v0.3 refuses. */
  *#waitAwake(tid: number, self: Addr, flags: number, absTimeoutNs: number): Coroutine<number> {
    const kernel = this.kernel;
    let result = self === 0 ? -EINVAL : yield* kernel.access.getUser32(nextTidOf(self));
    if (result >= 0 && (flags & UMCG_WAIT_WAKE_ONLY) !== 0) {
      result = yield* this.#wakeOnly(flags, absTimeoutNs, result);
    } else if (result >= 0) {
      if (result === 0 && this.task.isWorker(tid)) result = yield* kernel.access.getUser32(serverTidOf(self));
      if (result >= 0) result = -EOPNOTSUPP;
    }
    if (result < 0) yield* kernel.host.sync();
    if (hasExitWork(kernel, tid)) yield* exitToUserMode(kernel, tid);
    return sysExit(kernel, tid, NR_UMCG_WAIT, result);
  }

  *#wakeOnly(flags: number, absTimeoutNs: number, next: number): Coroutine<number> {
    const kernel = this.kernel;
    const task = this.task;
    if (next === 0 || absTimeoutNs !== 0) return -EINVAL;
    if ((flags & ~(UMCG_WAIT_WAKE_ONLY | UMCG_WAIT_WF_CURRENT_CPU)) !== 0) return -EINVAL;
    yield* task.chargeWake(next);
    if (!task.exists(next) || kernel.tasks.umcgTask(next) === 0) return -ESRCH;
    const pulled = (flags & UMCG_WAIT_WF_CURRENT_CPU) !== 0;
    tryToWakeUp(kernel, next, TASK_NORMAL, pulled ? WF_CURRENT_CPU : 0);
    yield* kernel.host.sync();
    return 0;
  }

  /**
   * Sleeps until the state word says RUNNING (0) or a signal comes (-EINTR). -EFAULT: own record unreadable.
   * `reason` WAIT_UMCG: it is a whole system call, which first wakes next_tid and at last returns to user mode.
   *
   * One coroutine for the call, the loop and schedule(), and `yield*` of a step that has already happened written out as
   * `step.done ? step.value : yield* step`, because this is the path of a context switch (docs/performance.md).
   */
  *#sleep(tid: number, self: Addr, reason: number): Coroutine<number> {
    const kernel = this.kernel;
    const { access } = kernel;
    const task = this.task;
    const state = stateOf(self);
    let step: Step<number>;
    let word = 0;
    let result = 0;
    if (reason === WAIT_UMCG) {
      step = access.getUser32(nextTidOf(self));
      let next = step.done ? step.value : yield* step;
      if (next === 0 && task.isWorker(tid)) next = yield* access.getUser32(serverTidOf(self));
      if (next < 0) result = next;
      else if (next > 0) {
        // F15: a switch wakes any task of the machine, registered or not. F12: it may not have been asleep.
        const charge = task.chargeWake(next);
        if (!charge.done) yield* charge;
        const { now } = kernel.host;
        result = task.wake(next);
        // An IPI costs the waker time behind its effect; a wake-up on this CPU costs none.
        if (kernel.host.now !== now) yield* kernel.host.sync();
      }
    }
    if (result === 0 && task.isWorker(tid)) {
      step = access.getUser32(state);
      word = step.done ? step.value : yield* step;
      if (word < 0 || task.saysLocked(word)) result = yield* this.#unlock(state, word);
    }
    // Every turn sleeps: the loop ends when somebody says RUNNING or signals.
    while (result === 0) {
      task.announceSleep(tid);
      step = access.getUser32(state);
      word = step.done ? step.value : yield* step;
      if (!task.fallsAsleep(tid, self, reason, word)) break;
      if (task.detectsBlock(tid)) {
        step = access.getUser32Nosleep(state);
        word = step.done ? step.value : yield* step;
        if (word < 0 || task.saysUnlockedRunning(word)) yield* this.servers.workerBlocks(tid, self, word);
      }
      yield YIELD_SCHEDULE;
      if (task.clearWorker(tid)) {
        step = access.getUser32Nosleep(state);
        word = step.done ? step.value : yield* step;
        let server = 0;
        if (task.saysUnlockedRunning(word)) {
          step = access.getUser32Nosleep(serverTidOf(self));
          server = step.done ? step.value : yield* step;
        }
        if (server > 0 || task.saysLocked(word)) task.setWorker(tid);
        else yield* this.#park(tid, self, word, server);
      }
      // The signal is looked at before the state: a waiter both marked RUNNING and signalled reports -EINTR.
      if (signalPending(kernel, tid)) {
        result = -EINTR;
        break;
      }
      step = access.getUser32(state);
      word = step.done ? step.value : yield* step;
      if (word < 0 || task.saysRunning(word)) break;
    }
    if (result === 0 && word < 0) result = -EFAULT;
    if (reason !== WAIT_UMCG) return result;
    if (hasExitWork(kernel, tid)) yield* exitToUserMode(kernel, tid);
    return sysExit(kernel, tid, NR_UMCG_WAIT, result);
  }

  /** A worker that waits is not locked. Any failure, even a word that merely changed, is -EFAULT. */
  *#unlock(state: Addr, word: number): Coroutine<number> {
    if (word < 0) return -EFAULT;
    const status = yield* this.kernel.access.cmpxchgUser32(state, word, word & ~UMCG_TF_LOCKED);
    return status === 0 ? 0 : -EFAULT;
  }

  /** v0.3 has no such call. */
  *kick(_flags: number, target: number): Coroutine<number> {
    const kernel = this.kernel;
    const tid = sysEnter(kernel, NR_UMCG_KICK, target);
    yield* kernel.host.sync();
    if (hasExitWork(kernel, tid)) yield* exitToUserMode(kernel, tid);
    return sysExit(kernel, tid, NR_UMCG_KICK, -ENOSYS);
  }

  // ---- block and wake detection -------------------------------------------------------------------------------------

  /**
   * schedule() of a worker. Block detection only when it is going to sleep; wake detection whenever it runs again, after
   * a mere reschedule too: a worker that has marked itself IDLE but has not yet called wait is then listed and parked.
   */
  *schedule(tid: Tid): Coroutine<void> {
    const { tasks, access } = this.kernel;
    const task = this.task;
    if (task.detectsBlock(tid)) {
      const self = tasks.umcgTask(tid) as Addr;
      const word = yield* access.getUser32Nosleep(stateOf(self));
      if (word < 0 || task.saysUnlockedRunning(word)) yield* this.servers.workerBlocks(tid, self, word);
    }
    yield YIELD_SCHEDULE;
    if (task.isWorker(tid)) yield* this.#workerRuns(tid, tasks.umcgTask(tid) as Addr);
  }

  /** Wake detection. It is off while it runs. */
  *#workerRuns(tid: number, self: Addr): Coroutine<void> {
    const { access } = this.kernel;
    const task = this.task;
    task.clearWorker(tid);
    const word = yield* access.getUser32Nosleep(stateOf(self));
    const server = task.saysUnlockedRunning(word) ? yield* access.getUser32Nosleep(serverTidOf(self)) : 0;
    if (server > 0 || task.saysLocked(word)) task.setWorker(tid);
    else yield* this.#park(tid, self, word, server);
  }

  /**
   * T8 or T10, then T9: the worker becomes IDLE, goes on the idle worker list, wakes an idle server and sleeps until it
   * is run. The worker flag is off meanwhile; it comes back unless a list failed. F27: this happens wherever the worker
   * blocked, possibly holding kernel locks. F6: a voluntary waiter that a signal woke goes through here as well.
   */
  *#park(tid: number, self: Addr, word: number, server: number): Coroutine<void> {
    const { access } = this.kernel;
    let dies = word < 0 ? die.DIE_WAKE_STATE : server < 0 ? die.DIE_WAKE_SERVER : 0;
    if (dies === 0) {
      const idle = (word & ~UMCG_TF_STATE_MASK) | UMCG_TASK_IDLE;
      const status = yield* access.cmpxchgUser32(stateOf(self), word, idle);
      if (status === 0) this.task.moved(tid, word, idle);
      else dies = die.DIE_WAKE_RACE;
    }
    if (dies === 0) {
      const failed = yield* this.servers.enlist(tid, self);
      // The flag stays off here: the worker dies as a plain task, if no handler catches the signal.
      if (failed !== 0) return this.task.die(tid, failed);
      // F14, T10: made RUNNING without a server, it returns from here to user mode all the same.
      yield* this.#sleep(tid, self, WAIT_UMCG_IDLE);
    } else this.task.die(tid, dies);
    this.task.setWorker(tid);
  }

  /** Never asked for: nothing in this profile sets TIF_UMCG. */
  *resume(): Coroutine<void> {}

  /** F43, F44: nobody is woken; words and list nodes of the dead stay as they are. */
  *exit(): Coroutine<void> {}

  /** F45: the registration stays, and its pointer dangles. */
  *exec(): Coroutine<void> {}
}
