/**
 * A worker: a thread of the application, run by whichever server takes it. What its code is given.
 *
 * A worker that blocks in a system call needs to do nothing: the kernel reports it and its server runs somebody else. How one
 * waits of its own accord: parking.ts; how it ends: joining.ts and runtime.ts.
 *
 * There may be a million of these, most of them asleep: so few fields, and everything else is fetched from what they have.
 */
import type { Addr } from "../atomics/address.ts";
import type { Coroutine, Step } from "../atomics/step.ts";
import type { UserMemory } from "../atomics/user-memory.ts";
import type { Sequel } from "../kernel-sim/host.ts";
import type { Tid } from "../kernel-sim/ids.ts";
import type { Syscalls } from "../kernel-sim/syscalls/syscalls.ts";
import { lockSelf, unlockSelf } from "../server/detection.ts";
import type { Group } from "../server/group.ts";
import {
  checkPriority,
  checkDeadline as checkWish,
  deadlineOf,
  priorityOf,
} from "../server/policy-record.ts";
import { PARK_CANCEL, PARK_NEWS, PARK_TOKEN } from "../server/record.ts";
import { RuntimeError } from "../server/runtime-error.ts";
import { stateOf, UMCG_TF_PREEMPTED } from "../umcg/abi.ts";
import type { Env } from "../umcg/env.ts";
import { leaveEnd } from "./ends-elsewhere.ts";
import { detach, joinUntil } from "./joining.ts";
import {
  announce,
  checkCancelled,
  deferCancel,
  giveWay,
  isCancelled,
  sleepUntil,
  waitFor,
} from "./parking.ts";
import type { Runtime } from "./runtime.ts";
import { abandonHeld } from "./sync/held.ts";
import type { Held, SyncWorker } from "./sync/sync-worker.ts";
import type { ThreadLocal } from "./thread-local.ts";
import type { Waker } from "./waker.ts";
import { ENDED_CANCELLED, ENDED_RETURNED, ENDED_THREW, type WorkerHandle } from "./worker-handle.ts";

const FOREVER: number = Number.POSITIVE_INFINITY;

/** Code of a worker. What it returns is what `join` gives. */
export type WorkerFunction<T> = (worker: Worker) => Coroutine<T>;

/** A worker's name, and what it wishes of its policy. */
export interface WorkerOptions {
  /** Default "worker-<n>". */
  readonly name?: string;
  /** Nobody will join it: its result is dropped, and its failure fails nobody. Default false. */
  readonly detached?: boolean;
  /** For policies that look at it: an integer of 32 bits, higher first. Default 0. */
  readonly priority?: number;
  /** For policies that look at it: when it should be done, ns after it has started. Default: no matter when. */
  readonly deadlineNs?: number;
}

/** Which worker: what spawn gives, or a worker itself. Without a generation: whoever has the record now. */
export interface Target {
  readonly record: Addr;
  readonly generation?: number;
}

/** What the code of a worker is given: computing, waiting, other workers, memory and system calls. */
export class Worker implements Waker, SyncWorker, Sequel {
  /** What the kernel gives the task under this worker. */
  readonly env: Env;
  /** This worker, for others to unpark, cancel or join. */
  readonly handle: WorkerHandle<unknown>;
  readonly runtime: Runtime;
  #shields = 0;
  #held: Held[] | undefined = undefined;
  #locals: Map<ThreadLocal<unknown>, unknown> | undefined = undefined;

  constructor(env: Env, handle: WorkerHandle<unknown>, runtime: Runtime) {
    this.env = env;
    this.handle = handle;
    this.runtime = runtime;
  }

  get name(): string {
    return this.handle.name;
  }
  get record(): Addr {
    return this.handle.record;
  }
  get generation(): number {
    return this.handle.generation;
  }
  /** Of the kernel task under this worker. */
  get tid(): Tid {
    return this.env.tid;
  }
  get memory(): UserMemory {
    return this.env.memory;
  }
  /** System calls. One that blocks hands this worker's CPU back to its server. */
  get sys(): Syscalls {
    return this.env.sys;
  }
  get group(): Group {
    return this.runtime.group;
  }
  /** Locks this worker holds, oldest first (sync/held.ts). */
  get held(): Held[] {
    this.#held ??= [];
    return this.#held;
  }
  /** Values of ThreadLocals. */
  get locals(): Map<ThreadLocal<unknown>, unknown> {
    this.#locals ??= new Map();
    return this.#locals;
  }

  /** Computes for `ns` of CPU time. */
  work(ns: number): Step<void> {
    return this.env.work(ns);
  }

  /** ns since boot. */
  now(): number {
    return this.env.now();
  }

  /** Sleeps for `ns`, in the kernel: another worker has the CPU meanwhile. A cancellation point. */
  sleep(ns: number): Coroutine<void> {
    return sleepUntil(this, this.now() + ns);
  }

  /** Sleeps until `deadlineNs` on the clock of `now()`. A cancellation point. */
  sleepUntil(deadlineNs: number): Coroutine<void> {
    return sleepUntil(this, deadlineNs);
  }

  /** Lets every worker that is ready run first. A cancellation point. */
  *yield(): Coroutine<void> {
    yield* checkCancelled(this);
    // Bounded by the other writers of the word, who bring each kind of news once.
    while (!(yield* giveWay(this)));
  }

  /** A cancellation point, and a place to be preempted for code that only computes: asked to give way, it does so here. */
  *checkpoint(): Coroutine<void> {
    yield* checkCancelled(this);
    // On its way out of any system call the kernel takes a worker off that has been told to go.
    if (((yield* this.memory.load32(stateOf(this.record))) & UMCG_TF_PREEMPTED) !== 0)
      yield* this.sys.gettid();
  }

  /** Gives up the CPU until `unpark`. Returns at once if one came since the last park: park and unpark commute. True. */
  park(): Coroutine<boolean> {
    return waitFor(this, PARK_TOKEN, FOREVER);
  }

  /**
   * The same, until `deadlineNs` at the latest, on the clock of `now()`; Infinity: for ever. True: unparked, false: timed
   * out. A cancellation point; one that throws has not used up a token. Throws ERR_CANCELLED, ERR_DEADLINE.
   */
  parkUntil(deadlineNs: number): Coroutine<boolean> {
    return waitFor(this, PARK_TOKEN, deadlineNs);
  }

  /**
   * Makes a parked worker ready, or the next park of one that runs return at once. False: it had a token already, or has ended;
   * nothing has happened.
   */
  unpark(target: Target): Coroutine<boolean> {
    return announce(this, target.record, target.generation, PARK_TOKEN);
  }

  /**
   * `parkUntil` and `unpark` with a token of their own, for what is built on them: who waits here does not take the token
   * that the user's next park is to find. As with all waits for others, it may return true with nothing to show for it.
   */
  waitUntil(deadlineNs: number): Coroutine<boolean> {
    return waitFor(this, PARK_NEWS, deadlineNs);
  }
  notify(target: Target): Coroutine<boolean> {
    return announce(this, target.record, target.generation, PARK_NEWS);
  }

  /**
   * Asks a worker to end: its next cancellation point (park, sleep, yield, join, checkpoint, and what is built on them)
   * throws ERR_CANCELLED, once; one that it waits in returns for it. False: it had been asked before, or has ended.
   */
  cancel(target: Target): Coroutine<boolean> {
    return announce(this, target.record, target.generation, PARK_CANCEL);
  }

  /** Has this worker been cancelled? True for good from then on. */
  isCancelled(): Coroutine<boolean> {
    return isCancelled(this);
  }

  /** Puts the cancellation off that has just been thrown: it is thrown again at the next cancellation point. */
  deferCancel(): Coroutine<void> {
    return deferCancel(this);
  }

  /** Runs `body` with cancellation held back: it throws at the first cancellation point after the shield. */
  *shield<T>(body: () => Coroutine<T>): Coroutine<T> {
    this.#shields++;
    try {
      return yield* body();
    } finally {
      this.#shields--;
    }
  }

  /** Is cancellation held back? */
  get shielded(): boolean {
    return this.#shields > 0;
  }

  /**
   * Runs `body` without being preempted. Blocking in it keeps the server, too; waiting in it is ERR_PREEMPTION_OFF.
   * A tick that came meanwhile is void: the next one asks again.
   */
  *withoutPreemption<T>(body: () => Coroutine<T>): Coroutine<T> {
    const locked = yield* this.lock();
    try {
      return yield* body();
    } finally {
      yield* this.unlock(locked);
    }
  }

  /** Changes the own priority, from the next time on that this worker becomes ready. */
  *setPriority(priority: number): Coroutine<void> {
    yield* this.memory.store32(priorityOf(this.record), checkPriority(priority));
  }

  /** Changes the own deadline, on the clock of now(), from the next time on that this worker becomes ready; 0 = none. */
  *setDeadline(atNs: number): Coroutine<void> {
    yield* this.memory.store64(deadlineOf(this.record), BigInt(checkWish(atNs)));
  }

  /** Zeroed user memory, for good: for synchronisation objects, and words of one's own. Throws ERR_USER_MEMORY. */
  allocate(bytes: number, align = 64): Addr {
    return this.env.allocate(bytes, align);
  }

  /** Changes the number of servers, from 1 to `maxServers` of the runtime. Throws ERR_RUNTIME_CONFIG. */
  setServers(count: number): Coroutine<void> {
    return this.withoutPreemption(() => this.runtime.pool.resizeFrom(this.env, this.record, count));
  }

  /** Starts another worker; it is ready when this returns or soon after. Throws ERR_USER_MEMORY, ERR_TASK_LIMIT. */
  spawn<T>(body: WorkerFunction<T>, options?: WorkerOptions): Coroutine<WorkerHandle<T>> {
    return this.runtime.spawnFrom(this, body, options);
  }

  /**
   * Waits until a worker has ended and returns its result. A cancellation point; one that throws leaves the result to others.
   * Throws ERR_WORKER_FAILED with what the worker threw as its cause, ERR_WORKER_CANCELLED, ERR_KILLED; ERR_JOIN: itself, or
   * one that has been joined or detached before, or is just being joined.
   */
  join<T>(target: WorkerHandle<T>): Coroutine<T> {
    return joinUntil(this, target, FOREVER);
  }

  /** The same, until `deadlineNs` at the latest: then ERR_TIMED_OUT, and the worker can be joined again. */
  joinUntil<T>(target: WorkerHandle<T>, deadlineNs: number): Coroutine<T> {
    return joinUntil(this, target, deadlineNs);
  }

  /** Nobody will join the worker: its result is dropped, and its failure fails nobody. Throws ERR_JOIN, as `join`. */
  detach(target: WorkerHandle<unknown>): Coroutine<void> {
    return detach(this, target);
  }

  /** The worker's function has ended: so does the worker, and says how. */
  *after(outcome: unknown, threw: boolean): Coroutine<never> {
    const left = this.#held === undefined ? undefined : yield* abandonHeld(this);
    const cancelled = threw && outcome instanceof RuntimeError && outcome.code === "ERR_CANCELLED";
    if (threw) this.handle.end(cancelled ? ENDED_CANCELLED : ENDED_THREW, outcome);
    else if (left !== undefined) this.handle.end(ENDED_THREW, left);
    else this.handle.end(ENDED_RETURNED, outcome);
    if (this.runtime.manyIsolates) return yield* this.sys.exit(yield* leaveEnd(this.env, this.handle));
    return yield* this.sys.exit();
  }

  lock(): Coroutine<boolean> {
    return lockSelf(this.env, this.record);
  }
  unlock(locked: boolean): Coroutine<void> {
    return unlockSelf(this.env, this.record, locked);
  }
  makeReady(worker: Addr): Coroutine<void> {
    return this.group.makeReady(this.env, this.record, worker, "unparked");
  }
}
