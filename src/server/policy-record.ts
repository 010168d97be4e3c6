/**
 * The last quarter of a record (record.ts), bytes 96 to 127: what scheduling knows of a worker, or of a server.
 *
 * Of a worker:
 *
 * | offset | word     | written by                                                                                  |
 * |--------|----------|---------------------------------------------------------------------------------------------|
 * | 96     | link     | the policy, under its rules, while the worker is enqueued                                   |
 * | 100    | right    | the same                                                                                    |
 * | 104    | priority | at spawn, and the worker itself; signed, higher first                                       |
 * | 108    | order    | the policy: when it was enqueued, to keep equals in order                                   |
 * | 112    | deadline | at spawn, and the worker itself; ns on the clock of env.now(), 0 = none                     |
 * | 120    | home     | the server that runs it, before each run: its record, packed                                |
 * | 124    | started  | 1 from its first way through the idle worker list on; the server that takes it from there   |
 *
 * Of a server:
 *
 * | offset | word     | written by                                                                                  |
 * |--------|----------|---------------------------------------------------------------------------------------------|
 * | 96     | index    | the server, when it starts: its number in the runtime, from 0                               |
 * | 100    | place    | whether a task is in it (server-pool.ts), by compare-exchange                               |
 *
 * A record is 64-byte aligned, so its address divided by 64 fits 32 bits up to 256 GiB: packed like that an address is
 * a plain number, where a 64-bit word would be a bigint, and 0 still means nobody.
 */
import { type Addr, addr, offsetBy } from "../atomics/address.ts";
import type { Coroutine } from "../atomics/step.ts";
import type { Env } from "../umcg/env.ts";
import { RuntimeError } from "./runtime-error.ts";

/** Address of the word that links a worker in a queue: the policy's own while the worker is enqueued, 32 bits. */
export function linkOf(record: Addr): Addr {
  return offsetBy(record, 96);
}
/** Address of a second such word, for trees. */
export function rightOf(record: Addr): Addr {
  return offsetBy(record, 100);
}
/** Address of a worker's priority, a signed word, higher first. To be read by policies. */
export function priorityOf(record: Addr): Addr {
  return offsetBy(record, 104);
}
/** Address of a word of 32 bits for the policy: when the worker was enqueued, to keep equals in order. */
export function orderOf(record: Addr): Addr {
  return offsetBy(record, 108);
}
/** Address of a worker's deadline, 64 bits, ns on the clock of `env.now()`; 0 = none. To be read by policies. */
export function deadlineOf(record: Addr): Addr {
  return offsetBy(record, 112);
}
/** Address of the word that names the server that runs a worker: its record, packed. */
export function homeOf(record: Addr): Addr {
  return offsetBy(record, 120);
}
/** Address of the word that is 1 once a worker has come through the idle worker list. */
export function startedOf(record: Addr): Addr {
  return offsetBy(record, 124);
}

/** Address of the word with a server's number in its runtime, from 0. */
export function indexOf(server: Addr): Addr {
  return offsetBy(server, 96);
}

/** Address of the word that says whether a task is in a server's place. */
export function placeOf(server: Addr): Addr {
  return offsetBy(server, 100);
}

/** A record's address in 32 bits; 0 for NULL. */
export function packRecord(record: Addr): number {
  return record / 64;
}

/** The address of the record that `packRecord` has made a word of; NULL for 0. */
export function unpackRecord(word: number): Addr {
  return addr((word >>> 0) * 64);
}

/** What a worker asks of its policy. */
export interface Wishes {
  readonly priority: number;
  /** ns after its start; 0 = none. */
  readonly deadlineNs: number;
}

/** Throws ERR_RUNTIME_CONFIG. */
export function wishesOf(options: Partial<Wishes>): Wishes {
  return {
    priority: checkPriority(options.priority ?? 0),
    deadlineNs: checkDeadline(options.deadlineNs ?? 0),
  };
}

export function checkPriority(priority: number): number {
  if ((priority | 0) === priority) return priority;
  throw new RuntimeError("ERR_RUNTIME_CONFIG", `priority must be an integer of 32 bits, got ${priority}`);
}

export function checkDeadline(ns: number): number {
  if (Number.isSafeInteger(ns) && ns >= 0) return ns;
  throw new RuntimeError("ERR_RUNTIME_CONFIG", `deadline must be an integer of ns from 0, got ${ns}`);
}

/** Writes a new worker's words, before anybody knows it. Its record may have been somebody else's. */
export function* initSchedulingWords(env: Env, record: Addr, wishes: Wishes): Coroutine<void> {
  const { memory } = env;
  yield* memory.store32(priorityOf(record), wishes.priority);
  const deadline = wishes.deadlineNs === 0 ? 0 : env.now() + wishes.deadlineNs;
  yield* memory.store64(deadlineOf(record), BigInt(deadline));
  yield* memory.store32(startedOf(record), 0);
}
