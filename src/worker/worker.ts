/**
 * A worker: a thread of the application, run by whichever server takes it.
 *
 * Leaving the CPU of one's own accord goes through the server: lock the own state word (so that neither blocking nor a
 * reschedule is taken for an event in the middle of it), write the request, make the server RUNNING, mark oneself IDLE,
 * and call sys_umcg_wait with next_tid 0, which switches to server_tid and unlocks. Blocking in a system call needs
 * nothing: the kernel reports it.
 */
import { type Addr, addr, NULL, wordFromAddr } from "../atomics/address.ts";
import { EINTR } from "../atomics/errno.ts";
import type { Coroutine, Step } from "../atomics/step.ts";
import type { UserMemory } from "../atomics/user-memory.ts";
import type { Tid } from "../kernel-sim/ids.ts";
import type { Syscalls } from "../kernel-sim/syscalls/syscalls.ts";
import type { Group } from "../server/group.ts";
import { checkDeadline, checkPriority, deadlineOf, priorityOf } from "../server/policy-record.ts";
import {
  doneOf,
  joinerOf,
  PARK_PARKED,
  parkOf,
  REQUEST_YIELD,
  releasedOf,
  requestOf,
} from "../server/record.ts";
import { RuntimeError } from "../server/runtime-error.ts";
import { check } from "../server/server.ts";
import {
  serverTidOf,
  stateOf,
  UMCG_TASK_IDLE,
  UMCG_TASK_RUNNING,
  UMCG_TF_LOCKED,
  UMCG_TF_STATE_MASK,
} from "../umcg/abi.ts";
import type { Env } from "../umcg/env.ts";
import { cancel, checkCancelled, deferCancel, parkUntil, sleepUntil, unpark } from "./parking.ts";
import type { Held, SyncWorker } from "./sync/sync-worker.ts";

const MAX_TURNS = 1 << 20;

/** Code of a worker. What it returns is what `join` gives. */
export type WorkerFunction<T> = (worker: Worker) => Coroutine<T>;

export interface WorkerOptions {
  /** Default "worker-<n>". */
  readonly name?: string;
  /** For policies that look at it: an integer of 32 bits, higher first. Default 0. */
  readonly priority?: number;
  /** For policies that look at it: when it should be done, ns after it has started. Default: no matter when. */
  readonly deadlineNs?: number;
}

/** A worker seen from outside: to join or unpark it. */
export interface WorkerHandle<T> {
  readonly name: string;
  readonly record: Addr;
  /** Set before the worker's `done` word is. */
  result: T | undefined;
}

/** What a worker's code is given. */
export class Worker implements SyncWorker {
  readonly name: string;
  readonly tid: Tid;
  readonly memory: UserMemory;
  /** System calls. One that blocks hands this worker's CPU back to its server. */
  readonly sys: Syscalls;
  readonly record: Addr;
  /** This worker, for others to unpark, cancel or join. */
  readonly handle: WorkerHandle<unknown>;
  /** Locks this worker holds, oldest first (sync/held.ts). */
  readonly held: Held[] = [];
  #shields = 0;
  readonly #env: Env;
  readonly #group: Group;
  readonly #serverRecords: ReadonlyMap<number, Addr>;
  readonly #spawn: <T>(
    env: Env,
    body: WorkerFunction<T>,
    options?: WorkerOptions,
  ) => Coroutine<WorkerHandle<T>>;

  constructor(
    env: Env,
    handle: WorkerHandle<unknown>,
    group: Group,
    serverRecords: ReadonlyMap<number, Addr>,
    spawn: <T>(env: Env, body: WorkerFunction<T>, options?: WorkerOptions) => Coroutine<WorkerHandle<T>>,
  ) {
    this.name = handle.name;
    this.record = handle.record;
    this.handle = handle;
    this.tid = env.tid;
    this.memory = env.memory;
    this.sys = env.sys;
    this.#env = env;
    this.#group = group;
    this.#serverRecords = serverRecords;
    this.#spawn = spawn;
  }

  /** Computes for `ns` of CPU time. */
  work(ns: number): Step<void> {
    return this.#env.work(ns);
  }

  /** ns since boot. */
  now(): number {
    return this.#env.now();
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
    yield* this.leave(REQUEST_YIELD, -1);
  }

  /** A cancellation point and nothing else: throws ERR_CANCELLED if this worker has been cancelled. */
  checkpoint(): Coroutine<void> {
    return checkCancelled(this);
  }

  /** Gives up the CPU until `unpark`. Returns at once if one came since the last park: park and unpark commute. */
  *park(): Coroutine<void> {
    yield* parkUntil(this, Number.POSITIVE_INFINITY);
  }

  /**
   * The same, until `deadlineNs` at the latest, on the clock of `now()`; Infinity: for ever. True: unparked, false: timed
   * out. A cancellation point; one that throws has not used up a token. Throws ERR_CANCELLED, ERR_DEADLINE.
   */
  parkUntil(deadlineNs: number): Coroutine<boolean> {
    return parkUntil(this, deadlineNs);
  }

  /** Makes a parked worker ready, or the next park of one that runs return at once. */
  *unpark(target: Pick<WorkerHandle<unknown>, "record">): Coroutine<void> {
    yield* unpark(this.#env, this.#group, this.record, target.record);
  }

  /**
   * Asks a worker to end: its next cancellation point (park, sleep, yield, join, checkpoint, and what is built on them)
   * throws ERR_CANCELLED, once; one that it waits in returns for it. False: it had been asked before.
   */
  cancel(target: Pick<WorkerHandle<unknown>, "record">): Coroutine<boolean> {
    return cancel(this.#env, this.#group, this.record, target.record);
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

  /** Changes the own priority, from the next time on that this worker becomes ready. Throws ERR_RUNTIME_CONFIG. */
  *setPriority(priority: number): Coroutine<void> {
    yield* this.memory.store32(priorityOf(this.record), checkPriority(priority));
  }

  /** Changes the own deadline, on the clock of now(), from the next time on that it becomes ready; 0 = none. */
  *setDeadline(atNs: number): Coroutine<void> {
    yield* this.memory.store64(deadlineOf(this.record), BigInt(checkDeadline(atNs)));
  }

  /** Zeroed user memory, for good: for synchronisation objects, and words of one's own. Throws ERR_USER_MEMORY. */
  allocate(bytes: number, align = 64): Addr {
    return this.#env.allocate(bytes, align);
  }

  /** Starts another worker; it is ready when this returns or soon after. */
  spawn<T>(body: WorkerFunction<T>, options?: WorkerOptions): Coroutine<WorkerHandle<T>> {
    return this.#spawn(this.#env, body, options);
  }

  /** Waits until a worker has finished and returns its result. Throws ERR_JOIN: joined twice, or itself. */
  *join<T>(target: WorkerHandle<T>): Coroutine<T> {
    if (target.record === this.record) throw new RuntimeError("ERR_JOIN", `${this.name} cannot join itself`);
    const own = wordFromAddr(this.record);
    if ((yield* this.memory.cmpxchg64(joinerOf(target.record), 0n, own)) !== 0) {
      throw new RuntimeError("ERR_JOIN", `${target.name} has been joined before`);
    }
    // The joiner is published before `done` is read; the finisher sets `done` before it reads the joiner.
    while ((yield* this.memory.load32(doneOf(target.record))) === 0) yield* this.park();
    return target.result as T;
  }

  /** The record of the server that runs this worker; the same until it blocks or leaves. */
  *#server(): Coroutine<Addr> {
    return this.#serverRecords.get(yield* this.memory.load32(serverTidOf(this.record))) ?? NULL;
  }

  /** Until the server that runs this worker has issued its wake-up: see runWorker() in server/server.ts. */
  *#released(): Coroutine<void> {
    const server = yield* this.#server();
    for (let turn = 0; (yield* this.memory.load32(releasedOf(server))) === 0; turn++) {
      if (turn === MAX_TURNS)
        throw new RuntimeError("ERR_SPIN_BOUND", `${this.name}: its server never lets go`);
      yield* this.sys.schedYield();
    }
  }

  /**
   * Switches to the server with a request, and comes back when a server runs this worker again. `park`, if not negative:
   * what the park word must still be, to have PARKED added to it; it is not: nothing happens.
   */
  *leave(request: number, park: number): Coroutine<void> {
    const { memory, record } = this;
    yield* this.#released();
    yield* memory.store32(stateOf(record), UMCG_TASK_RUNNING | UMCG_TF_LOCKED);
    // Under the lock: whoever takes PARKED away waits, in takeOver(), until this worker has let go of its server.
    if (park >= 0 && (yield* memory.cmpxchg32(parkOf(record), park, park | PARK_PARKED)) !== 0) {
      yield* memory.store32(stateOf(record), UMCG_TASK_RUNNING);
      return;
    }
    const server = yield* this.#server();
    yield* memory.store32(requestOf(server), request);
    yield* memory.store32(stateOf(server), UMCG_TASK_RUNNING);
    yield* memory.store32(stateOf(record), UMCG_TASK_IDLE | UMCG_TF_LOCKED);
    let result = yield* this.#env.umcg.wait(0);
    // Bounded by the number of signals. Without a server the call only waits: the old one has been switched to.
    while (result === -EINTR) {
      if (((yield* memory.load32(stateOf(record))) & UMCG_TF_STATE_MASK) === UMCG_TASK_RUNNING) return;
      result = yield* this.#env.umcg.wait(0);
    }
    check("umcg_wait", result);
  }
}

/** The joiner's record, NULL when there is none. */
export function* joinerOfRecord(memory: UserMemory, record: Addr): Coroutine<Addr> {
  return addr(Number(yield* memory.load64(joinerOf(record))));
}
