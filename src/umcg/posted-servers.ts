/**
 * Profile `posted`: the worker's side of its servers. What block detection does, and the two lists of wake detection.
 *
 * Nothing here sleeps. See posted.ts for what holds between these steps and those of user space.
 */
import { type Addr, addr, addrFromWord } from "../atomics/address.ts";
import { EFAULT } from "../atomics/errno.ts";
import type { Coroutine } from "../atomics/step.ts";
import type { Kernel } from "../kernel-sim/kernel.ts";
import { llistPopMarked, llistPush } from "../llist/llist.ts";
import {
  idleServersOf,
  idleWorkersOf,
  serverTidOf,
  stateOf,
  taskOfServerNode,
  UMCG_TASK_BLOCKED,
  UMCG_TASK_IDLE,
  UMCG_TASK_RUNNING,
  UMCG_TF_STATE_MASK,
} from "./abi.ts";
import * as die from "./die-reasons.ts";
import type { TaskSide } from "./task-side.ts";

/**
 * F4: with `idle_servers_ptr` 0 the posted code goes on with an uninitialised local. "zero": as compilers that clear
 * locals build it, no server. "garbage": as others do, a stray server word, and the worker is killed.
 */
export type UninitialisedLocal = "zero" | "garbage";

export class PostedServers {
  readonly #kernel: Kernel;
  readonly #task: TaskSide;
  readonly #local: UninitialisedLocal;
  readonly #listBound: number;

  constructor(kernel: Kernel, task: TaskSide, local: UninitialisedLocal) {
    this.#kernel = kernel;
    this.#task = task;
    this.#local = local;
    this.#listBound = 2 * kernel.config.vcpus;
  }

  /** T6 and T7: the worker becomes BLOCKED, its server is woken. `word`: its state word, or -EFAULT. */
  *workerBlocks(tid: number, self: Addr, word: number): Coroutine<void> {
    const { access } = this.#kernel;
    if (word < 0) return this.#task.die(tid, die.DIE_BLOCK_STATE);
    const blocked = (word & ~UMCG_TF_STATE_MASK) | UMCG_TASK_BLOCKED;
    // F32: user space may change its word between the read and here; it dies for it.
    if ((yield* access.cmpxchgUser32(stateOf(self), word, blocked)) !== 0)
      return this.#task.die(tid, die.DIE_BLOCK_RACE);
    this.#task.moved(tid, word, blocked);
    const server = yield* access.getUser32Nosleep(serverTidOf(self));
    if (server < 0) return this.#task.die(tid, die.DIE_BLOCK_SERVER);
    // F23: in the middle of a hand-off this may be a server that has nothing to do with the worker any more.
    if (server !== 0 && this.#task.exists(server)) {
      yield* this.#wakeServer(tid, addr(this.#kernel.tasks.umcgTask(server)), server);
    }
  }

  /** Pushes the worker and wakes one idle server. Returns a reason to die, or 0. F7: the state was changed before. */
  *enlist(tid: number, self: Addr): Coroutine<number> {
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
    if (servers === 0n && this.#local === "garbage") this.#task.die(tid, die.DIE_SERVER_WORD);
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
      if (!running) this.#task.die(worker, die.DIE_SERVER_WORD);
      return;
    }
    this.#task.moved(target, UMCG_TASK_IDLE, UMCG_TASK_RUNNING);
    yield* this.#task.chargeWake(target);
    // F16, F44: whoever has this tid now; nobody, if the server is gone, and its word stays RUNNING.
    if (this.#task.exists(target) && this.#kernel.tasks.umcgTask(target) !== 0) this.#task.wake(target);
    yield* kernel.host.sync();
  }
}
