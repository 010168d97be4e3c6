/**
 * Work conservation (I28, I29), and that no worker is lost or given twice between a policy's two ends.
 *
 * A policy is wrapped: what goes in and comes out is counted. Every so often the words are looked at: a worker waits to be
 * picked, or in the kernel's idle worker list, and a server sleeps, published as idle. Then somebody must be about to change
 * that: a server that is awake or has been made RUNNING, a worker that is LOCKED or has not finished listing itself, a task on
 * its way in or out. If all are asleep or in the middle of their work the wake-up was lost, and that is a violation at once
 * (`#somebodyActs`). It is one, too, if all this lasts for longer than `boundNs` and no other server was woken meanwhile:
 * servers are woken one by the other, and whoever is woken need not take the oldest.
 */
import { type Addr, addr } from "../../../src/atomics/address.ts";
import {
  PF_UMCG_WORKER,
  TASK_DEAD,
  TASK_KILLABLE,
  TASK_NEW,
  TASK_NORMAL,
} from "../../../src/kernel-sim/constants.ts";
import type { Machine } from "../../../src/machine.ts";
import type { Group } from "../../../src/server/group.ts";
import { makePolicy, type PolicyName } from "../../../src/server/policies/index.ts";
import type { Policy, PolicyContext, PolicyFactory } from "../../../src/server/policy.ts";
import {
  stateOf,
  taskOfServerNode,
  taskOfWorkerNode,
  UMCG_TASK_IDLE,
  UMCG_TASK_NONE,
  UMCG_TASK_RUNNING,
  UMCG_TF_LOCKED,
  UMCG_TF_STATE_MASK,
} from "../../../src/umcg/abi.ts";

/** Time between two looks; with few workers one can look closely. */
const SAMPLE_NS = 20_000;
const CLOSE_SAMPLE_NS = 1_000;
const FEW_TASKS = 500;
const DELETED = 1n;
const ASLEEP: number = TASK_NORMAL | TASK_KILLABLE;

export class Watch {
  readonly machine: Machine;
  readonly boundNs: number;
  readonly #view: DataView;
  /** Workers that wait to be picked, oldest first, and since when. */
  readonly #ready: Map<Addr, number> = new Map();
  /** Servers that were idle at each sample since. */
  #idle: Map<Addr, number> = new Map();
  /** The worker that has been in the kernel's list for longest, and since when that was so. */
  #listed: Addr | undefined;
  #listedSince = 0;
  #nextSampleNs = 0;
  /** When a server was last seen to be idle no more. */
  #wokenNs = 0;
  /** Workers that were picked, and that became ready because their time was up. */
  picks = 0;
  preempted = 0;
  /** The longest that a worker waited beside an idle server, ns, as far as samples tell. */
  longestNs = 0;

  constructor(machine: Machine, boundNs: number) {
    this.machine = machine;
    this.boundNs = boundNs;
    this.#view = new DataView(machine.kernel.local.buffer);
  }

  policy(name: PolicyName): PolicyFactory {
    return (setup) => this.#wrap(makePolicy(name, setup));
  }

  #wrap(inner: Policy): Policy {
    const watch = this;
    return {
      ...optional(inner),
      name: inner.name,
      *enqueue(at, worker, reason) {
        if (watch.#ready.has(worker)) throw new Error(`the worker at ${worker} is ready twice`);
        watch.#ready.set(worker, at.env.now());
        if (reason === "preempted") watch.preempted++;
        yield* inner.enqueue(at, worker, reason);
        // It can be found from now on. Unless it has been already.
        if (watch.#ready.has(worker)) watch.#ready.set(worker, at.env.now());
      },
      *pick(at) {
        const worker = yield* inner.pick(at);
        if (worker === 0) return worker;
        if (!watch.#ready.delete(worker)) throw new Error(`the worker at ${worker} was picked twice`);
        watch.picks++;
        return worker;
      },
      hasWork: (at: PolicyContext) => inner.hasWork(at),
    };
  }

  /** To be asked after each event. */
  look(group: Group): void {
    const { now } = this.machine.host;
    if (now < this.#nextSampleNs) return;
    const { kernel } = this.machine;
    this.#nextSampleNs = now + (kernel.lastTid < FEW_TASKS ? CLOSE_SAMPLE_NS : SAMPLE_NS);
    const idle = new Map<Addr, number>();
    for (const server of this.#idleServers(group)) idle.set(server, this.#idle.get(server) ?? now);
    if ([...this.#idle.keys()].some((server) => !idle.has(server))) this.#wokenNs = now;
    this.#idle = idle;
    const [server] = idle;
    // The list is long when everybody is busy.
    const listed = server === undefined ? undefined : this.#oldestListed(group);
    if (listed !== this.#listed) this.#listedSince = now;
    this.#listed = listed;
    if (server === undefined) return;
    const [ready] = this.#ready;
    if ((ready !== undefined || listed !== undefined) && !this.#somebodyActs()) {
      const what = ready === undefined ? `${listed} is listed` : `${ready[0]} is ready since ${ready[1]}`;
      throw new Error(
        `I28: at ${now} the worker at ${what}, the server at ${server[0]} is idle, nobody acts`,
      );
    }
    if (ready !== undefined) this.#judge(server, ready, now, "is ready");
    if (listed !== undefined) this.#judge(server, [listed, this.#listedSince], now, "is listed");
  }

  #judge(
    [server, idleSince]: [Addr, number],
    [worker, since]: [Addr, number],
    now: number,
    how: string,
  ): void {
    const both = now - Math.max(idleSince, since, this.#wokenNs);
    this.longestNs = Math.max(this.longestNs, both);
    if (both > this.boundNs)
      throw new Error(
        `I29: for ${both} ns the worker at ${worker} ${how}, and the server at ${server} is idle`,
      );
  }

  /** Is anybody about to wake or to look? */
  #somebodyActs(): boolean {
    const { tasks, lastTid } = this.machine.kernel;
    for (let tid = 1; tid <= lastTid; tid++) {
      const task = tasks.state(tid);
      if (task === TASK_DEAD || task === TASK_NEW) continue;
      const record = tasks.umcgTask(tid);
      if (record === 0) return true;
      const word = this.#word(stateOf(addr(record)));
      const state = word & UMCG_TF_STATE_MASK;
      const worker = (tasks.flags(tid) & PF_UMCG_WORKER) !== 0;
      const asleep = (task & ASLEEP) !== 0;
      if (state === UMCG_TASK_NONE || (state === UMCG_TASK_IDLE && !asleep)) return true;
      // A worker that is ready may be IDLE and LOCKED: claimed, and asleep.
      if (state === UMCG_TASK_RUNNING && (!worker || (word & UMCG_TF_LOCKED) !== 0)) return true;
    }
    return false;
  }

  /** Published, and asleep or on its way, the one that was idle for longest first. */
  #idleServers(group: Group): Addr[] {
    const servers: Addr[] = [];
    for (let node = this.#long(group.idleServers); node !== 0n; ) {
      const at = addr(Number(node));
      const value = this.#long(at);
      const server = taskOfServerNode(at);
      const state = this.#word(stateOf(server)) & UMCG_TF_STATE_MASK;
      if ((value & DELETED) === 0n && state === UMCG_TASK_IDLE) servers.push(server);
      node = value & ~DELETED;
    }
    return servers.sort((a, b) => (this.#idle.get(a) ?? Infinity) - (this.#idle.get(b) ?? Infinity));
  }

  #oldestListed(group: Group): Addr | undefined {
    let last = 0n;
    for (let node = this.#long(group.idleWorkers); node !== 0n; node = this.#long(addr(Number(node))))
      last = node;
    return last === 0n ? undefined : taskOfWorkerNode(addr(Number(last)));
  }

  /** When all is over. */
  check(group: Group): void {
    if (this.#ready.size > 0) throw new Error(`${this.#ready.size} workers were ready and never picked`);
    if (this.#oldestListed(group) !== undefined) throw new Error("a worker is left in the idle worker list");
  }

  #word(at: Addr): number {
    return this.#view.getUint32(at, true);
  }
  #long(at: Addr): bigint {
    return this.#view.getBigUint64(at, true);
  }
}

/** The hooks that a policy has, and no others. */
function optional(inner: Policy): Partial<Policy> {
  const hooks: Partial<Policy> = {};
  if (inner.onBlock !== undefined) hooks.onBlock = (at, worker) => inner.onBlock!(at, worker);
  if (inner.onWake !== undefined) hooks.onWake = (at, worker) => inner.onWake!(at, worker);
  if (inner.onTick !== undefined)
    hooks.onTick = (at, worker, ranNs, server) => inner.onTick!(at, worker, ranNs, server);
  if (inner.onExit !== undefined) hooks.onExit = (at, worker) => inner.onExit!(at, worker);
  if (inner.onRetire !== undefined) hooks.onRetire = (at) => inner.onRetire!(at);
  return hooks;
}
