/**
 * What synchronisation needs of a worker, and of whoever gives out user memory. `Worker` and `Machine` are such; so are
 * `bareWorker` and `bareAllocator` of `umcg/explore`, for every interleaving of their memory operations. What is written against
 * these types runs on all of them (docs/own-primitives.md).
 */
import type { Addr } from "../../atomics/address.ts";
import type { Coroutine } from "../../atomics/step.ts";
import type { UserMemory } from "../../atomics/user-memory.ts";
import type { Tid } from "../../kernel-sim/ids.ts";
import type { Syscalls } from "../../kernel-sim/syscalls/syscalls.ts";

/** User memory as everybody sees it. */
export type Words = Pick<UserMemory, keyof UserMemory>;

/** Gives out zeroed user memory, for good. */
export interface Allocator {
  allocate(bytes: number, align?: number): Addr;
  /** Of a machine: does each of its CPUs have objects of its own? */
  readonly kernel?: { readonly cpu: number; readonly manyIsolates: boolean };
}

/** Something that a worker holds and that nobody gets any more should it end. */
export interface Held {
  readonly name: string;
  /** Tells those who wait, and all who come, that the holder `worker`, who runs this, has ended. */
  abandon(worker: SyncWorker): Coroutine<void>;
}

/** A worker, as far as a lock or a queue is concerned. */
export interface SyncWorker {
  readonly name: string;
  readonly tid: Tid;
  readonly record: Addr;
  readonly memory: Words;
  readonly sys: Pick<Syscalls, "schedYield" | "nanosleep">;
  /** Locks this worker holds, oldest first. Its own: nobody else looks or writes. */
  readonly held: Held[];
  now(): number;
  /** Returns after an unpark, and possibly without one. Throws ERR_CANCELLED, once, when the worker is cancelled. */
  park(): Coroutine<unknown>;
  /** The same, no later than about `deadlineNs`. */
  parkUntil(deadlineNs: number): Coroutine<unknown>;
  unpark(target: { readonly record: Addr }): Coroutine<unknown>;
  /** Lets others run that are ready. */
  yield(): Coroutine<unknown>;
  /** The cancellation that `park` has just thrown is thrown again by the next park. */
  deferCancel(): Coroutine<void>;
  /** Runs `body` with cancellation held back. */
  shield<T>(body: () => Coroutine<T>): Coroutine<T>;
}

/** A deadline that never comes. */
export const NEVER: number = Number.POSITIVE_INFINITY;
