/**
 * Profile `hardened`: the two lists of wake detection, and the waking of servers.
 *
 * The lists are those of v0.3, in user memory. What was wrong with the kernel's side of them, and what is done here:
 *
 * - A push gave up and killed (F3). Here it backs off and tries again.
 * - A node that had not been re-pointed was taken for a list head (F9). The kernel remembers the head from registration.
 * - A pop that lost a race skipped a live server (F2). Here it looks at the same node again.
 * - A popped server could turn out busy, and the wake-up was swallowed (F28). Here the next server is tried.
 * - A pop read nodes that had been unlinked and reused meanwhile (F1, Delisle's race). Here a node counts only while it
 *   lies in the record of a registered server: the record names a tid, and that task's registered record is this one. A
 *   walk that met another node and found nobody begins again at the head, where a reused node is no longer met.
 *
 * Why a walk over nodes that are unlinked meanwhile misses nobody. A node off the list keeps its mark, and with it its
 * next, until its server publishes it again (rule 5 in docs/umcg.md). So from a stale node the walk goes on along what
 * was behind it, which holds every live node that was, or, if it has been published again, along the whole list. A server
 * published after the walk began looks at the worker list itself, after the worker was pushed.
 *
 * Rejected: a double collect of the list (no bound under contention, not needed with rule 5); a list of idle servers in the
 * kernel (it would need another call to enter it, and v0.3's user code would not).
 */
import { type Addr, addr, addrFromWord, NULL, wordFromAddr } from "../atomics/address.ts";
import { EAGAIN, EFAULT } from "../atomics/errno.ts";
import type { Coroutine } from "../atomics/step.ts";
import { TASK_NORMAL, WAIT_UMCG } from "../kernel-sim/constants.ts";
import type { Kernel } from "../kernel-sim/kernel.ts";
import { LLIST_DELETED, llistPush } from "../llist/llist.ts";
import {
  idleServersOf,
  idleWorkersOf,
  serverTidOf,
  stateOf,
  taskOfServerNode,
  UMCG_TASK_ALIGN,
  UMCG_TASK_IDLE,
  UMCG_TASK_RUNNING,
  UMCG_TF_STATE_MASK,
} from "./abi.ts";
import type { Breaches } from "./breaches.ts";
import * as die from "./die-reasons.ts";
import type { TaskSide } from "./task-side.ts";

/** What became of a server that was to look: it was asleep and is woken; it runs already; there is none. */
export const SERVER_WOKEN = 0;
export const SERVER_BUSY = 1;
export const SERVER_GONE = 2;

/** Times that others may change a word between the look at it and its exchange before that is called a breach. */
export const WORD_TRIES = 64;
/** Back-offs of a push or a pop: the longest is 50 us, so that this is some ms. Then the list is broken. */
const BACK_OFFS = 64;
const BACK_OFF_NS = 500;
const MAX_BACK_OFF_NS = 50_000;

/** A walk woke a server, or there was none; there was none, but it met a node in nobody's record; it found no end. */
const WALK_DONE = 0;
const WALK_DOUBTFUL = 1;
const WALK_ENDLESS = 2;
/** A node reused meanwhile is not met again. Those that are, belong to servers that went while they were listed. */
const DOUBTFUL_WALKS = 3;

export class HardenedLists {
  readonly #kernel: Kernel;
  readonly #task: TaskSide;
  readonly #breaches: Breaches;
  readonly #pushTries: number;

  constructor(kernel: Kernel, task: TaskSide, breaches: Breaches) {
    this.#kernel = kernel;
    this.#task = task;
    this.#breaches = breaches;
    this.#pushTries = 2 * kernel.config.vcpus;
  }

  /**
   * Makes server `tid`, any word, RUNNING and wakes it if it is IDLE: only its state byte is looked at, all else in the word
   * is kept (F20). Never faults: called with locks held. A server whose own word is not a server's dies of it.
   */
  *wake(tid: number): Coroutine<number> {
    const { tasks, access, host } = this.#kernel;
    const task = this.#task;
    if (!task.isServer(tid)) return SERVER_GONE;
    const record = addr(tasks.umcgTask(tid));
    for (let attempt = 0; attempt < WORD_TRIES; attempt++) {
      const word = yield* access.getUser32Nosleep(stateOf(record));
      if (word >= 0 && (word & UMCG_TF_STATE_MASK) === UMCG_TASK_RUNNING) return SERVER_BUSY;
      const idle = word >= 0 && (word & UMCG_TF_STATE_MASK) === UMCG_TASK_IDLE;
      const running = (word & ~UMCG_TF_STATE_MASK) | UMCG_TASK_RUNNING;
      const status = idle ? yield* access.cmpxchgUser32Nosleep(stateOf(record), word, running) : -EFAULT;
      if (status === -EAGAIN) continue;
      if (status !== 0) {
        // To kill another task. It may have come back meanwhile, in the same record, with another word.
        if (host.alone()) continue;
        // It may have gone while its word was read.
        if (tasks.umcgTask(tid) === record)
          this.#breaches.kill(tid, word < 0 || idle ? die.DIE_SERVER_RECORD : die.DIE_SERVER_WORD);
        return SERVER_GONE;
      }
      task.moved(tid, word, running);
      yield* task.chargeWake(tid);
      // Whoever has this number now (F16): only the task that registered this record is woken.
      if (tasks.umcgTask(tid) === record) task.wake(tid);
      yield* host.sync();
      return SERVER_WOKEN;
    }
    return SERVER_BUSY;
  }

  /**
   * A worker of server `tid`, any word, has died. It may have made its server RUNNING, to leave it, and not have come to the
   * call that wakes it: then that is done here. One that is asleep for anything else is left alone.
   */
  *wakeRunning(tid: number): Coroutine<void> {
    const { tasks, access, host } = this.#kernel;
    const task = this.#task;
    if (!task.isServer(tid)) return;
    const word = yield* access.getUser32Nosleep(stateOf(addr(tasks.umcgTask(tid))));
    if (!task.saysUnlockedRunning(word)) return;
    yield* task.chargeWake(tid);
    // Behind a sync: this looks at what the server is about to do.
    const waits = (tasks.state(tid) & TASK_NORMAL) !== 0 && tasks.waitReason(tid) === WAIT_UMCG;
    if (waits && task.isServer(tid)) task.wake(tid);
    yield* host.sync();
  }

  /** Puts the record of worker `tid` on its idle worker list. 0, or a reason to die. */
  *enlist(tid: number, self: Addr): Coroutine<number> {
    const { access, tasks } = this.#kernel;
    const node = idleWorkersOf(self);
    const pointer = yield* access.getUser64(node);
    if (typeof pointer === "number") return die.DIE_WORKERS_PTR;
    const head = addr(tasks.umcgHead(tid));
    if (pointer !== wordFromAddr(head)) return die.DIE_NODE;
    for (let round = 0; round < BACK_OFFS; round++) {
      const status = yield* llistPush(access, head, node, this.#pushTries);
      if (status === 0) return 0;
      if (status === -EFAULT) return die.DIE_PUSH;
      yield* this.#backOff(round);
    }
    return die.DIE_PUSH;
  }

  /** Wakes one server that is idle, if any is. 0, or a reason for the worker to die: its list of servers is broken. */
  *wakeIdle(self: Addr): Coroutine<number> {
    const { access } = this.#kernel;
    // The worker is on its list now; a server that publishes itself after this sees it there.
    yield* access.fence();
    const pointer = yield* access.getUser64(idleServersOf(self));
    if (typeof pointer === "number") return die.DIE_SERVERS_PTR;
    if (pointer === 0n) return 0;
    for (let round = 0; round < BACK_OFFS; round++) {
      const outcome = yield* this.#walk(addrFromWord(pointer));
      if (outcome === -EFAULT) return die.DIE_POP;
      if (outcome === WALK_DONE || (outcome === WALK_DOUBTFUL && round >= DOUBTFUL_WALKS)) return 0;
      if (outcome === WALK_ENDLESS) yield* this.#backOff(round);
    }
    return die.DIE_SERVER_LIST;
  }

  /**
   * One walk over the idle servers: marks each that is not deleted, until one was asleep. A published node is marked once
   * (I30), so a server is woken at most once for it. Only records of registered servers are written to. -EFAULT: no list head.
   */
  *#walk(head: Addr): Coroutine<number> {
    const { access } = this.#kernel;
    const first = yield* access.getUser64(head);
    if (typeof first === "number") return -EFAULT;
    let node = addrFromWord(first);
    let outcome = WALK_DONE;
    // A list holds each task once; a little more, for those that come and go meanwhile.
    for (let left = 2 * this.#kernel.live + 8; node !== NULL; left--) {
      if (left === 0) return WALK_ENDLESS;
      // The value first: a server that goes after it was found registered has marked its node by then, and the exchange loses.
      const value = yield* access.getUser64(node);
      const server = typeof value === "number" ? 0 : yield* this.#serverAt(node);
      if (typeof value === "number") return WALK_DOUBTFUL;
      if (server === 0) outcome = WALK_DOUBTFUL;
      else if ((value & LLIST_DELETED) === 0n) {
        const status = yield* access.cmpxchgUser64(node, value, value | LLIST_DELETED);
        // Another took the node, or what is behind it: look at it again.
        if (status === -EAGAIN) continue;
        if (status !== 0) return WALK_DOUBTFUL;
        if ((yield* this.wake(server)) === SERVER_WOKEN) return WALK_DONE;
      }
      node = addrFromWord(value & ~LLIST_DELETED);
    }
    return outcome;
  }

  /** The registered server in whose record `node` lies; 0: none. */
  *#serverAt(node: Addr): Coroutine<number> {
    const record = taskOfServerNode(node);
    if (record <= 0 || record % UMCG_TASK_ALIGN !== 0) return 0;
    const tid = yield* this.#kernel.access.getUser32(serverTidOf(record));
    return tid > 0 && this.#task.isServer(tid) && this.#kernel.tasks.umcgTask(tid) === record ? tid : 0;
  }

  /** Marks the node of a server that goes, so that nobody pops it. Whatever comes of it: the memory is user space's. */
  *withdraw(self: Addr): Coroutine<void> {
    const { access } = this.#kernel;
    const node = idleServersOf(self);
    for (let attempt = 0; attempt < WORD_TRIES; attempt++) {
      const value = yield* access.getUser64(node);
      if (typeof value === "number" || (value & LLIST_DELETED) !== 0n) return;
      if ((yield* access.cmpxchgUser64(node, value, value | LLIST_DELETED)) !== -EAGAIN) return;
    }
  }

  /** Lets those who are in the way get on: they may need this CPU's time line to pass. */
  *#backOff(round: number): Coroutine<void> {
    const { host } = this.#kernel;
    host.chargeNs(Math.min(BACK_OFF_NS * 2 ** round, MAX_BACK_OFF_NS));
    yield* host.sync();
  }
}
