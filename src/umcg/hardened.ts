/**
 * Profile `hardened`: UMCG v0.3 completed. The default.
 *
 * The ABI is that of v0.3; what is added to it is told in docs/umcg.md. The design, against `posted`:
 *
 * - Block detection is where it was, in schedule(), and never faults or sleeps: a record's page is pinned while it is
 *   registered (F17, F21). A word that somebody changes at that moment is looked at again (F32).
 * - Wake detection is at the return to user mode, never in schedule(): a worker that woke up goes on in the kernel until it
 *   holds nothing (F27). So do preemption (`kick`) and whatever else keeps a worker from user mode: one function, `resume`.
 * - A voluntary wait is between the worker and user space: no wake-up but RUNNING ends it, and none is taken for an event
 *   (F6). Its timeout and its signals *are* events: the worker is listed, and reports them when a server has run it (F39).
 * - The state word decides every race. Each transition of the kernel is a compare-exchange from a word that it has looked at;
 *   who loses it looks again. LOCKED is user space's hand on a worker: with it set the kernel leaves the word alone.
 * - A server's word is compared under the state mask (F20), a server that is busy or gone is no reason to die.
 * - Breaches kill the breaker (breaches.ts).
 *
 * Wait and wake commute as in `posted`: the waiter announces its sleep, then reads its word; the waker writes the word, then
 * wakes. In any order of these steps the waiter sees RUNNING or is found asleep.
 *
 * Who writes the words: worker RUNNING -> BLOCKED -> IDLE, IDLE -> IDLE|LISTED, any -> NONE at its end, and server IDLE ->
 * RUNNING here; all else user space.
 *
 * Rejected: to keep listed workers interruptible (a signal would have to run its handler without a server, or spin); to list
 * a worker that is IDLE on its way into its wait (F57; it can only be there by its own doing, and will call).
 */
import type { Addr } from "../atomics/address.ts";
import { EINVAL, ESRCH } from "../atomics/errno.ts";
import type { Call, Coroutine } from "../atomics/step.ts";
import {
  NR_UMCG_CTL,
  NR_UMCG_KICK,
  NR_UMCG_WAIT,
  TASK_NORMAL,
  WF_CURRENT_CPU,
} from "../kernel-sim/constants.ts";
import { YIELD_SCHEDULE } from "../kernel-sim/host.ts";
import type { Tid } from "../kernel-sim/ids.ts";
import type { Kernel } from "../kernel-sim/kernel.ts";
import { exitToUserMode, hasExitWork, kickTask } from "../kernel-sim/signals.ts";
import * as entry from "../kernel-sim/syscalls/entry.ts";
import { FOREVER, isTime } from "../kernel-sim/times.ts";
import { tryToWakeUp } from "../kernel-sim/wakeup.ts";
import { nextTidOf, UMCG_CTL_UNREGISTER, UMCG_WAIT_WAKE_ONLY, UMCG_WAIT_WF_CURRENT_CPU } from "./abi.ts";
import { Breaches } from "./breaches.ts";
import { HardenedEvents } from "./hardened-events.ts";
import { register } from "./hardened-register.ts";
import { WaitPath } from "./hardened-wait.ts";
import { TaskSide } from "./task-side.ts";
import type { Umcg } from "./umcg.ts";

// Copies: V8 folds what is in the same module only, and each switch looks at these.
const { sysEnter, sysExit } = entry;
const NR_WAIT: number = NR_UMCG_WAIT;

export class HardenedUmcg implements Umcg {
  readonly profile = "hardened" as const;
  declare private readonly kernel: Kernel;
  declare private readonly task: TaskSide;
  declare private readonly events: HardenedEvents;
  declare private readonly path: WaitPath;
  /** Who broke the contract so far. */
  readonly breaches: Breaches;

  constructor(kernel: Kernel) {
    this.kernel = kernel;
    this.task = new TaskSide(kernel);
    this.breaches = new Breaches(kernel);
    this.events = new HardenedEvents(kernel, this.task, this.breaches);
    this.path = new WaitPath(kernel, this.task, this.events);
  }

  // ---- sys_umcg_ctl, sys_umcg_kick ----------------------------------------------------------------------------------

  *ctl(flags: number, self: Addr): Coroutine<number> {
    const kernel = this.kernel;
    const tid = sysEnter(kernel, NR_UMCG_CTL, flags);
    yield* kernel.host.sync();
    let result = 0;
    if (flags === UMCG_CTL_UNREGISTER) result = yield* this.#unregister(tid, self);
    else {
      result = yield* register(kernel, this.task, tid, flags, self);
      // A new worker is listed like one that woke up, and sleeps until a server runs it: many may do so at once, and each
      // keeps no more than two frames.
      const begins = result === 0 && this.task.isWorker(tid) && (yield* this.events.list(tid, self, 0));
      if (begins) yield* this.events.untilRun(tid, self);
    }
    if (hasExitWork(kernel, tid)) yield* exitToUserMode(kernel, tid);
    return sysExit(kernel, tid, NR_UMCG_CTL, result);
  }

  *#unregister(tid: number, self: Addr): Coroutine<number> {
    if (self !== 0 || this.kernel.tasks.umcgTask(tid) === 0) return -EINVAL;
    yield* this.events.leave(tid, false);
    return 0;
  }

  *kick(flags: number, target: number): Coroutine<number> {
    const kernel = this.kernel;
    const { host } = kernel;
    const tid = sysEnter(kernel, NR_UMCG_KICK, target);
    yield* host.sync();
    const result = flags !== 0 ? -EINVAL : this.task.isUmcgWorker(target) ? 0 : -ESRCH;
    if (result === 0) {
      this.task.setLook(target);
      kickTask(kernel, target);
      yield* host.sync();
    }
    if (hasExitWork(kernel, tid)) yield* exitToUserMode(kernel, tid);
    return sysExit(kernel, tid, NR_UMCG_KICK, result);
  }

  // ---- sys_umcg_wait ------------------------------------------------------------------------------------------------

  wait(flags: number, absTimeoutNs = 0): Call<number> {
    const kernel = this.kernel;
    const tid = sysEnter(kernel, NR_WAIT, flags);
    const self = kernel.tasks.umcgTask(tid) as Addr;
    if (self !== 0 && flags === 0) {
      if (absTimeoutNs === 0) return this.path.call(0);
      if (isTime(absTimeoutNs)) return this.path.call(absTimeoutNs === FOREVER ? 0 : absTimeoutNs);
    }
    return this.#waitAwake(tid, self, flags, absTimeoutNs);
  }

  /** The calls that do not sleep: WAKE_ONLY, and those that are refused. */
  *#waitAwake(tid: number, self: Addr, flags: number, absTimeoutNs: number): Coroutine<number> {
    const kernel = this.kernel;
    const known = UMCG_WAIT_WAKE_ONLY | UMCG_WAIT_WF_CURRENT_CPU;
    const wakes = (flags & UMCG_WAIT_WAKE_ONLY) !== 0 && (flags & ~known) === 0;
    let result = -EINVAL;
    if (self !== 0 && wakes && absTimeoutNs === 0) result = yield* this.#wakeOnly(self, flags);
    if (result < 0) yield* kernel.host.sync();
    if (hasExitWork(kernel, tid)) yield* exitToUserMode(kernel, tid);
    return sysExit(kernel, tid, NR_UMCG_WAIT, result);
  }

  /** F12: the target may not be asleep; nobody is told. F15: it must be a UMCG task. */
  *#wakeOnly(self: Addr, flags: number): Coroutine<number> {
    const kernel = this.kernel;
    const next = yield* kernel.access.getUser32(nextTidOf(self));
    if (next <= 0) return next === 0 ? -EINVAL : next;
    yield* this.task.chargeWake(next);
    if (!this.task.isUmcg(next)) return -ESRCH;
    const pulled = (flags & UMCG_WAIT_WF_CURRENT_CPU) !== 0;
    tryToWakeUp(kernel, next, TASK_NORMAL, pulled ? WF_CURRENT_CPU : 0);
    yield* kernel.host.sync();
    return 0;
  }

  // ---- hooks --------------------------------------------------------------------------------------------------------

  *schedule(tid: Tid): Coroutine<void> {
    if (this.task.detectsBlock(tid)) yield* this.events.blocks(tid);
    yield YIELD_SCHEDULE;
  }

  resume(tid: Tid): Coroutine<void> {
    return this.events.resume(tid);
  }

  exit(tid: Tid): Coroutine<void> {
    return this.events.leave(tid, true);
  }

  /** F45: the new program is not registered; the old one has ended. */
  exec(tid: Tid): Coroutine<void> {
    return this.events.leave(tid, true);
  }
}
