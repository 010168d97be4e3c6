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
import { type Addr, addr, addrFromWord } from "../atomics/address.ts";
import { EFAULT, EINTR, EINVAL, EOPNOTSUPP, ESRCH } from "../atomics/errno.ts";
import type { Coroutine } from "../atomics/step.ts";
import {
  NR_UMCG_CTL,
  NR_UMCG_WAIT,
  PF_UMCG_WORKER,
  SIGSEGV,
  TASK_DEAD,
  TASK_INTERRUPTIBLE,
  TASK_NEW,
  TASK_NORMAL,
  TASK_RUNNING,
  WAIT_UMCG,
  WAIT_UMCG_IDLE,
  WF_CURRENT_CPU,
} from "../kernel-sim/constants.ts";
import { wakeFlags } from "../kernel-sim/config.ts";
import type { Tid } from "../kernel-sim/ids.ts";
import type { Kernel } from "../kernel-sim/kernel.ts";
import { DESCHEDULE, schedule } from "../kernel-sim/schedule.ts";
import { exitToUserMode, forceSignal, hasExitWork, signalPending } from "../kernel-sim/signals.ts";
import { sysEnter, sysExit } from "../kernel-sim/syscalls/entry.ts";
import { setTaskState } from "../kernel-sim/task-state.ts";
import { chargeWake, tryToWakeUp } from "../kernel-sim/wakeup.ts";
import { llistPopMarked, llistPush } from "../llist/llist.ts";
import { TRACE_UMCG_DIE, TRACE_UMCG_STATE } from "../trace/events.ts";
import {
  idleServersOf,
  idleWorkersOf,
  nextTidOf,
  serverTidOf,
  stateOf,
  taskOfServerNode,
  UMCG_API_VERSION,
  UMCG_CTL_REGISTER,
  UMCG_CTL_UNREGISTER,
  UMCG_CTL_WORKER,
  UMCG_TASK_BLOCKED,
  UMCG_TASK_IDLE,
  UMCG_TASK_RUNNING,
  UMCG_TASK_SIZE,
  UMCG_TF_LOCKED,
  UMCG_TF_STATE_MASK,
  UMCG_WAIT_WAKE_ONLY,
  UMCG_WAIT_WF_CURRENT_CPU,
} from "./abi.ts";
import * as die from "./die-reasons.ts";
import type { Umcg } from "./umcg.ts";

/**
 * F4: with `idle_servers_ptr` 0 the posted code goes on with an uninitialised local. "zero": as compilers that clear
 * locals build it, no server. "garbage": as others do, a stray server word, and the worker is killed.
 */
export type UninitialisedLocal = "zero" | "garbage";

export class PostedUmcg implements Umcg {
  readonly #kernel: Kernel;
  readonly #local: UninitialisedLocal;
  readonly #listBound: number;
  readonly #switchFlags: number;

  constructor(kernel: Kernel, local: UninitialisedLocal = "zero") {
    this.#kernel = kernel;
    this.#local = local;
    this.#listBound = 2 * kernel.config.vcpus;
    this.#switchFlags = wakeFlags(kernel.config.wake.umcg);
  }

  // ---- sys_umcg_ctl -------------------------------------------------------------------------------------------------

  *ctl(flags: number, self: Addr): Coroutine<number> {
    const kernel = this.#kernel;
    const tid = sysEnter(kernel, NR_UMCG_CTL, flags);
    yield* kernel.host.sync();
    const result =
      flags === UMCG_CTL_UNREGISTER ? this.#unregister(tid, self) : yield* this.#register(tid, flags, self);
    if (hasExitWork(kernel, tid)) yield* exitToUserMode(kernel, tid);
    return sysExit(kernel, tid, NR_UMCG_CTL, result);
  }

  /** T11. F43: nobody is woken and no list is touched. */
  #unregister(tid: number, self: Addr): number {
    const { tasks } = this.#kernel;
    if (self !== 0 || tasks.umcgTask[tid] === 0) return -EINVAL;
    tasks.flags[tid]! &= ~PF_UMCG_WORKER;
    tasks.umcgTask[tid] = 0;
    return 0;
  }

  *#register(tid: number, flags: number, self: Addr): Coroutine<number> {
    const { tasks, access } = this.#kernel;
    const kind = flags & ~UMCG_CTL_REGISTER;
    if ((flags & UMCG_CTL_REGISTER) === 0 || (kind !== 0 && kind !== UMCG_CTL_WORKER)) return -EINVAL;
    if (tasks.umcgTask[tid] !== 0) return -EINVAL;
    const copy = new DataView(new ArrayBuffer(UMCG_TASK_SIZE));
    if ((yield* access.copyFromUser(self, new Uint8Array(copy.buffer))) < 0) return -EFAULT;
    const [state, version, serverTid, nextTid] = [0, 4, 8, 12].map((at) => copy.getUint32(at, true));
    if (version !== UMCG_API_VERSION) return UMCG_API_VERSION;
    if (serverTid !== 0 || nextTid !== 0) return -EINVAL;
    const worker = kind === UMCG_CTL_WORKER;
    if (state !== (worker ? UMCG_TASK_IDLE : UMCG_TASK_RUNNING)) return -EINVAL;
    tasks.umcgTask[tid] = self;
    if (!worker) return 0;
    tasks.flags[tid]! |= PF_UMCG_WORKER;
    yield* this.#workerRuns(tid);
    return 0;
  }

  // ---- sys_umcg_wait ------------------------------------------------------------------------------------------------

  *wait(flags: number, absTimeoutNs = 0): Coroutine<number> {
    const kernel = this.#kernel;
    const { tasks, access } = kernel;
    const tid = sysEnter(kernel, NR_UMCG_WAIT, flags);
    const self = tasks.umcgTask[tid]! as Addr;
    let result = 0;
    let next = self === 0 ? -EINVAL : yield* access.getUser32(nextTidOf(self));
    if (next >= 0 && (flags & UMCG_WAIT_WAKE_ONLY) !== 0) {
      result = yield* this.#wakeOnly(flags, absTimeoutNs, next);
    } else if (next >= 0) {
      // F18: unknown flag bits pass unnoticed on this path.
      if (next === 0 && (tasks.flags[tid]! & PF_UMCG_WORKER) !== 0)
        next = yield* access.getUser32(serverTidOf(self));
      if (next >= 0 && absTimeoutNs !== 0) result = -EOPNOTSUPP;
      else if (next > 0) {
        // F15: a switch wakes any task of the machine, registered or not. F12: it may not have been asleep.
        yield* chargeWake(kernel, next, TASK_NORMAL);
        if (this.#exists(next)) tryToWakeUp(kernel, next, TASK_NORMAL, this.#switchFlags);
        else result = -ESRCH;
      }
      if (next >= 0 && result === 0) result = yield* this.#idleLoop(tid, self, WAIT_UMCG);
    }
    if (next < 0) result = next;
    if (hasExitWork(kernel, tid)) yield* exitToUserMode(kernel, tid);
    return sysExit(kernel, tid, NR_UMCG_WAIT, result);
  }

  *#wakeOnly(flags: number, absTimeoutNs: number, next: number): Coroutine<number> {
    const kernel = this.#kernel;
    if (next === 0 || absTimeoutNs !== 0) return -EINVAL;
    if ((flags & ~(UMCG_WAIT_WAKE_ONLY | UMCG_WAIT_WF_CURRENT_CPU)) !== 0) return -EINVAL;
    yield* chargeWake(kernel, next, TASK_NORMAL);
    if (!this.#exists(next) || kernel.tasks.umcgTask[next] === 0) return -ESRCH;
    const pulled = (flags & UMCG_WAIT_WF_CURRENT_CPU) !== 0;
    tryToWakeUp(kernel, next, TASK_NORMAL, pulled ? WF_CURRENT_CPU : 0);
    return 0;
  }

  /** find_task_by_vpid(): a task that has exited is not found. */
  #exists(tid: number): boolean {
    const state = this.#kernel.tasks.state[tid];
    return tid > 0 && tid <= this.#kernel.lastTid && state !== TASK_DEAD && state !== TASK_NEW;
  }

  /** Sleeps until the state word says RUNNING (0) or a signal comes (-EINTR). -EFAULT: own record unreadable. */
  *#idleLoop(tid: number, self: Addr, reason: number): Coroutine<number> {
    const kernel = this.#kernel;
    const { tasks, access } = kernel;
    if ((tasks.flags[tid]! & PF_UMCG_WORKER) !== 0) {
      const word = yield* access.getUser32(stateOf(self));
      if (word < 0) return -EFAULT;
      const locked = (word & UMCG_TF_LOCKED) !== 0;
      // Any failure, even a word that merely changed, is -EFAULT.
      if (locked && (yield* access.cmpxchgUser32(stateOf(self), word, word & ~UMCG_TF_LOCKED)) !== 0)
        return -EFAULT;
    }
    // Every turn sleeps: the loop ends when somebody says RUNNING or signals.
    for (;;) {
      setTaskState(kernel, tid, TASK_INTERRUPTIBLE);
      // F17: this read may fault, sleep and come back with the task state RUNNING.
      let word = yield* access.getUser32(stateOf(self));
      if (word < 0 || (word & UMCG_TF_STATE_MASK) === UMCG_TASK_RUNNING) {
        setTaskState(kernel, tid, TASK_RUNNING);
        return word < 0 ? -EFAULT : 0;
      }
      tasks.waitReason[tid] = reason;
      tasks.waitOn[tid] = self;
      yield* schedule(kernel, tid);
      // The signal is looked at before the state: a waiter both marked RUNNING and signalled reports -EINTR.
      if (signalPending(kernel, tid)) return -EINTR;
      word = yield* access.getUser32(stateOf(self));
      if (word < 0) return -EFAULT;
      if ((word & UMCG_TF_STATE_MASK) === UMCG_TASK_RUNNING) return 0;
    }
  }

  // ---- block and wake detection -------------------------------------------------------------------------------------

  /**
   * schedule() of a worker. Block detection only when it is going to sleep; wake detection whenever it runs again, after
   * a mere reschedule too: a worker that has marked itself IDLE but has not yet called wait is then listed and parked.
   */
  *schedule(tid: Tid): Coroutine<void> {
    const { tasks, access } = this.#kernel;
    if (tasks.state[tid] !== TASK_RUNNING) {
      const self = tasks.umcgTask[tid]! as Addr;
      const word = yield* access.getUser32Nosleep(stateOf(self));
      // A locked worker, or one that waits voluntarily, blocks unnoticed.
      const running = (word & (UMCG_TF_LOCKED | UMCG_TF_STATE_MASK)) === UMCG_TASK_RUNNING;
      if (word < 0 || running) yield* this.#workerBlocks(tid, self, word);
    }
    yield* DESCHEDULE;
    if ((tasks.flags[tid]! & PF_UMCG_WORKER) === 0) return;
    const self = tasks.umcgTask[tid]! as Addr;
    tasks.flags[tid]! &= ~PF_UMCG_WORKER;
    const word = yield* access.getUser32Nosleep(stateOf(self));
    const server = passesUnlocked(word) ? yield* access.getUser32Nosleep(serverTidOf(self)) : 0;
    if (word >= 0 && ((word & UMCG_TF_LOCKED) !== 0 || server > 0)) tasks.flags[tid]! |= PF_UMCG_WORKER;
    else yield* this.#park(tid, self, word, server);
  }

  /** T6 and T7: the worker becomes BLOCKED, its server is woken. `word`: its state word, or -EFAULT. */
  *#workerBlocks(tid: number, self: Addr, word: number): Coroutine<void> {
    const { access } = this.#kernel;
    if (word < 0) return this.#die(tid, die.DIE_BLOCK_STATE);
    const blocked = (word & ~UMCG_TF_STATE_MASK) | UMCG_TASK_BLOCKED;
    // F32: user space may change its word between the read and here; it dies for it.
    if ((yield* access.cmpxchgUser32(stateOf(self), word, blocked)) !== 0)
      return this.#die(tid, die.DIE_BLOCK_RACE);
    this.#moved(tid, word, blocked);
    const server = yield* access.getUser32Nosleep(serverTidOf(self));
    if (server < 0) return this.#die(tid, die.DIE_BLOCK_SERVER);
    // F23: in the middle of a hand-off this may be a server that has nothing to do with the worker any more.
    if (server !== 0 && this.#exists(server)) {
      yield* this.#wakeServer(tid, addr(this.#kernel.tasks.umcgTask[server]!), server);
    }
  }

  /** Wake detection outside schedule(): the registration of a worker. */
  *#workerRuns(tid: number): Coroutine<void> {
    const { tasks, access } = this.#kernel;
    const self = tasks.umcgTask[tid]! as Addr;
    tasks.flags[tid]! &= ~PF_UMCG_WORKER;
    const word = yield* access.getUser32Nosleep(stateOf(self));
    const server = passesUnlocked(word) ? yield* access.getUser32Nosleep(serverTidOf(self)) : 0;
    if (word >= 0 && ((word & UMCG_TF_LOCKED) !== 0 || server > 0)) tasks.flags[tid]! |= PF_UMCG_WORKER;
    else yield* this.#park(tid, self, word, server);
  }

  /**
   * T8 or T10, then T9: the worker becomes IDLE, goes on the idle worker list, wakes an idle server and sleeps until it
   * is run. The worker flag is off meanwhile; it comes back unless a list failed. F27: this happens wherever the worker
   * blocked, possibly holding kernel locks. F6: a voluntary waiter that a signal woke goes through here as well.
   */
  *#park(tid: number, self: Addr, word: number, server: number): Coroutine<void> {
    const { tasks, access } = this.#kernel;
    let dies = word < 0 ? die.DIE_WAKE_STATE : server < 0 ? die.DIE_WAKE_SERVER : 0;
    if (dies === 0) {
      const idle = (word & ~UMCG_TF_STATE_MASK) | UMCG_TASK_IDLE;
      const status = yield* access.cmpxchgUser32(stateOf(self), word, idle);
      if (status === 0) this.#moved(tid, word, idle);
      else dies = die.DIE_WAKE_RACE;
    }
    if (dies === 0) {
      const failed = yield* this.#enlist(tid, self);
      // The flag stays off here: the worker dies as a plain task, if no handler catches the signal.
      if (failed !== 0) return this.#die(tid, failed);
      // F14, T10: made RUNNING without a server, it returns from here to user mode all the same.
      yield* this.#idleLoop(tid, self, WAIT_UMCG_IDLE);
    } else this.#die(tid, dies);
    tasks.flags[tid]! |= PF_UMCG_WORKER;
  }

  /** Pushes the worker and wakes one idle server. Returns a reason to die, or 0. F7: the state was changed before. */
  *#enlist(tid: number, self: Addr): Coroutine<number> {
    const { access } = this.#kernel;
    const workers = yield* access.getUser64(idleWorkersOf(self));
    if (typeof workers === "number") return die.DIE_WORKERS_PTR;
    if (workers === 0n) return die.DIE_WORKERS_NULL;
    // F3: giving up after 2 * nr_cpu_ids lost races is death. F9: a node that was not re-pointed is taken for a head.
    const pushed = yield* llistPush(access, addrFromWord(workers), idleWorkersOf(self), this.#listBound);
    if (pushed !== 0) return die.DIE_PUSH;
    yield* access.fence();
    const servers = yield* access.getUser64(idleServersOf(self));
    if (typeof servers === "number") return die.DIE_SERVERS_PTR;
    if (servers === 0n && this.#local === "garbage") this.#die(tid, die.DIE_SERVER_WORD);
    const node = servers === 0n ? 0 : yield* llistPopMarked(access, addrFromWord(servers), this.#listBound);
    if (node < 0) return die.DIE_POP;
    if (node !== 0) yield* this.#wakeServer(tid, taskOfServerNode(addr(node)), 0);
    return 0;
  }

  /**
   * Makes the server of record `server` RUNNING and wakes it. `serverTid` 0: its record says who it is. Only one server
   * is tried, whatever comes of it (F20: any word but exactly IDLE or RUNNING kills `worker`).
   */
  *#wakeServer(worker: number, server: Addr, serverTid: number): Coroutine<void> {
    const kernel = this.#kernel;
    const { access } = kernel;
    if (server === 0) return;
    const target = serverTid !== 0 ? serverTid : yield* access.getUser32(serverTidOf(server));
    // A record that cannot be read is passed over in silence.
    if (target < 0) return;
    const status = yield* access.cmpxchgUser32(stateOf(server), UMCG_TASK_IDLE, UMCG_TASK_RUNNING);
    if (status !== 0) {
      const running = status !== -EFAULT && access.observed32 === UMCG_TASK_RUNNING;
      if (!running) this.#die(worker, die.DIE_SERVER_WORD);
      return;
    }
    this.#moved(target, UMCG_TASK_IDLE, UMCG_TASK_RUNNING);
    yield* chargeWake(kernel, target, TASK_NORMAL);
    // F16, F44: whoever has this tid now; nobody, if the server is gone, and its word stays RUNNING.
    if (!this.#exists(target) || kernel.tasks.umcgTask[target] === 0) return;
    tryToWakeUp(kernel, target, TASK_NORMAL, this.#switchFlags);
  }

  /** F43, F44: nobody is woken; words and list nodes of the dead stay as they are. */
  exit(): void {}

  #moved(owner: number, from: number, to: number): void {
    if (this.#kernel.trace.on) this.#kernel.emit(TRACE_UMCG_STATE, owner, from | 0, to | 0);
  }

  /** A breach of contract: SIGSEGV, at the next return to user mode. It stops nothing that is under way. */
  #die(tid: number, reason: number): void {
    if (this.#kernel.trace.on) this.#kernel.emit(TRACE_UMCG_DIE, tid, reason, 0);
    forceSignal(this.#kernel, tid, SIGSEGV);
  }
}

/** Does wake detection ask for the server? Only of a worker that is RUNNING and not locked. */
function passesUnlocked(word: number): boolean {
  return word >= 0 && (word & (UMCG_TF_LOCKED | UMCG_TF_STATE_MASK)) === UMCG_TASK_RUNNING;
}
