/**
 * A server: the stand-in for a CPU. It runs ready workers, in the order of the policy, and sleeps when there are none.
 *
 *     collect idle workers -> pick one -> run it until it blocks, parks, yields or exits -> see what it asked for -> again
 *
 * It is a task of its own; this object is that task's, and nobody else's. What others may see of it is in its record
 * (record.ts, policy-record.ts) and in its statistics (server-stats.ts). How it runs a worker is in run-worker.ts, whom it
 * wakes and when it may sleep in group.ts.
 *
 * Before it sleeps it may look for work some more times (`idle.spin`): a server that is woken by an interrupt is late by
 * microseconds, which a few looks may save, for CPU time. At most half of the servers look at a time, as in Go, since one
 * is enough to find what comes.
 *
 * A server whose index is not below the group's target retires, between two workers: it gives the policy its queue back,
 * passes on whatever may have been meant for it, and leaves. Its place is free then; if it is wanted again by that time
 * it takes it itself, else whoever wants it starts a new task there (server-pool.ts).
 */
import { type Addr, NULL } from "../atomics/address.ts";
import { EINTR } from "../atomics/errno.ts";
import type { Coroutine } from "../atomics/step.ts";
import {
  apiVersionOf,
  serverTidOf,
  stateOf,
  UMCG_API_VERSION,
  UMCG_CTL_REGISTER,
  UMCG_CTL_UNREGISTER,
  UMCG_TASK_IDLE,
  UMCG_TASK_RUNNING,
  UMCG_TF_STATE_MASK,
} from "../umcg/abi.ts";
import type { Env } from "../umcg/env.ts";
import { addTo, type Group } from "./group.ts";
import type { PolicyContext } from "./policy.ts";
import { indexOf } from "./policy-record.ts";
import { tidOf } from "./record.ts";
import { runWorker } from "./run-worker.ts";
import { RuntimeError } from "./runtime-error.ts";
import { PHASE_BUSY, PHASE_IDLE, PHASE_NONE, PHASE_OVERHEAD, type StatsWriter } from "./server-stats.ts";

export interface ServerOptions {
  /** ns that a worker runs before the policy is asked whether it is to give way; 0 = it is never asked. */
  readonly preemptNs: number;
  /** Looks for work before it sleeps, and the computing time between two. */
  readonly spin: number;
  readonly spinPauseNs: number;
}

export class Server {
  readonly env: Env;
  readonly group: Group;
  readonly self: Addr;
  readonly index: number;
  readonly at: PolicyContext;
  readonly stats: StatsWriter;
  readonly options: ServerOptions;
  #searching = false;
  #stole = false;
  #moved = false;

  constructor(env: Env, group: Group, self: Addr, index: number, stats: StatsWriter, options: ServerOptions) {
    this.env = env;
    this.group = group;
    this.self = self;
    this.index = index;
    this.stats = stats;
    this.options = options;
    const note = (what: "stolen" | "moved"): void => {
      this.#moved = true;
      if (what === "stolen") this.#stole = true;
    };
    this.at = { env, server: index, note };
  }

  /** Serves until every worker of the group has finished (false), or this server is to retire (true). */
  *serve(): Coroutine<boolean> {
    const { env, group, at } = this;
    yield* this.#register();
    let retires = false;
    for (;;) {
      retires = (yield* env.memory.load32(group.target)) <= this.index;
      const collected = yield* group.collectIdleWorkers(at, this.self);
      if (retires) break;
      const worker = yield* group.policy.pick(at);
      if (worker !== NULL) {
        yield* this.#passOn(collected);
        yield* this.stats.count("runs");
        yield* this.stats.enter(PHASE_BUSY, env.now());
        yield* runWorker(this, worker);
        yield* this.stats.enter(PHASE_OVERHEAD, env.now());
      } else if ((yield* env.memory.load32(group.live)) === 0) break;
      else yield* this.#idle();
    }
    yield* this.#leave(retires);
    return retires;
  }

  /** There is work that this server will not do, or that nobody was told of: some idle server is to look. */
  *announce(): Coroutine<void> {
    if (yield* this.group.announce(this.env, this.self)) yield* this.stats.count("wakesSent");
  }

  *#register(): Coroutine<void> {
    const { env, self } = this;
    const { memory } = env;
    yield* this.stats.enter(PHASE_OVERHEAD, env.now());
    yield* memory.store32(tidOf(self), env.tid);
    yield* memory.store32(indexOf(self), this.index);
    yield* memory.store32(apiVersionOf(self), UMCG_API_VERSION);
    // Registration wants them to be 0; wake detection reads the first when it pops this server, later.
    yield* memory.store32(serverTidOf(self), 0);
    // Not on the list: a node that never was must say so, too.
    yield* this.group.withdrawServer(env, self);
    yield* memory.store32(stateOf(self), UMCG_TASK_RUNNING);
    check("umcg_ctl(REGISTER)", yield* env.umcg.ctl(UMCG_CTL_REGISTER, self));
    yield* memory.store32(serverTidOf(self), env.tid);
  }

  *#leave(retires: boolean): Coroutine<void> {
    const { env, group, at, self } = this;
    if (this.#searching) yield* this.#search(false);
    if (retires && group.policy.onRetire !== undefined) yield* group.policy.onRetire(at);
    // At the end every server passes this on to the next, so it is enough that one sees the last worker go.
    const ends = (yield* env.memory.load32(group.live)) === 0;
    if (ends || (yield* group.hasWork(at))) yield* group.wakeIdleServer(env, self);
    yield* this.stats.enter(PHASE_NONE, env.now());
    check("umcg_ctl(UNREGISTER)", yield* env.umcg.ctl(UMCG_CTL_UNREGISTER, NULL));
  }

  /** This server begins or ends to count as one that searches. Returns how many do then. */
  #search(begins: boolean): Coroutine<number> {
    this.#searching = begins;
    return addTo(this.env, this.group.searching, begins ? 1 : -1);
  }

  /** It has found a worker. Should somebody else look for more? `collected`: what it had just enqueued for itself. */
  *#passOn(collected: number): Coroutine<void> {
    let look = collected > 1 || this.#moved;
    if (this.#searching && (yield* this.#search(false)) === 0) look = true;
    if (this.#stole) yield* this.stats.count("steals");
    this.#stole = false;
    this.#moved = false;
    if (look && (yield* this.group.hasWork(this.at))) yield* this.announce();
  }

  /** Looks some more, if others do not; then publishes itself as idle, looks once more, and sleeps. */
  *#idle(): Coroutine<void> {
    const { env, group, self, at } = this;
    const { memory } = env;
    if (yield* this.#spin()) return;
    if (this.#searching) yield* this.#search(false);
    yield* memory.store32(stateOf(self), UMCG_TASK_IDLE);
    yield* group.publishServer(env, self);
    const stays =
      !(yield* group.hasWork(at)) &&
      (yield* memory.load32(group.live)) !== 0 &&
      (yield* memory.load32(group.target)) > this.index;
    if (!stays && (yield* group.withdrawServer(env, self))) {
      yield* memory.store32(stateOf(self), UMCG_TASK_RUNNING);
      return;
    }
    yield* this.stats.count("idles");
    yield* this.stats.enter(PHASE_IDLE, env.now());
    yield* this.#sleep();
    yield* this.stats.enter(PHASE_OVERHEAD, env.now());
    // Something else than the list may have woken it: a wake-up meant for the worker it ran before.
    yield* group.withdrawServer(env, self);
    yield* this.#search(true);
  }

  /** True: there is work. */
  *#spin(): Coroutine<boolean> {
    const { env, group } = this;
    const { spin, spinPauseNs } = this.options;
    if (spin === 0) return false;
    if (!this.#searching) {
      const others = yield* env.memory.load32(group.searching);
      if (2 * others >= (yield* env.memory.load32(group.target))) return false;
      yield* this.#search(true);
    }
    for (let look = 0; look < spin; look++) {
      yield* env.work(spinPauseNs);
      // A worker that has woken on this CPU has to run in the kernel before it is on any list.
      yield* env.sys.schedYield();
      if (yield* group.hasWork(this.at)) return true;
      if ((yield* env.memory.load32(group.live)) === 0) return false;
    }
    return false;
  }

  /** sys_umcg_wait, again after each signal, until own state is RUNNING. `next_tid` is 0. */
  *#sleep(): Coroutine<void> {
    const { env, self } = this;
    let result = yield* env.umcg.wait(0);
    // Bounded by the number of signals.
    while (result === -EINTR) {
      if (((yield* env.memory.load32(stateOf(self))) & UMCG_TF_STATE_MASK) === UMCG_TASK_RUNNING) return;
      result = yield* env.umcg.wait(0);
    }
    check("umcg_wait", result);
  }
}

export function check(call: string, result: number): void {
  if (result !== 0) throw new RuntimeError("ERR_SYSCALL", `${call} returned ${result}`);
}
