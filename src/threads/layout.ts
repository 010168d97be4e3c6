/**
 * Where the state of host threads lies in the one buffer that all isolates of a runtime share, in 32-bit words.
 *
 *     0: unused | lock | counters | CPUs | threads | mutexes | semaphores | channels | the policy's words | places of channels
 *
 * A thread's record begins with a `struct umcg_task` (umcg/abi.ts): the same states and flags in the same places, so that
 * whoever reads a dump of UMCG reads this. `server_tid` is the number of the CPU that the thread owns, from 1; it is the word
 * that a thread waits for, and so the one word of a hand-off.
 *
 * | word                | written by                                                                             |
 * |---------------------|----------------------------------------------------------------------------------------|
 * | LOCK                | whoever takes the lock, and waits for it; who has seen its holder die                     |
 * | server_tid          | who has the lock: the CPU given, or taken                                                 |
 * | a mutex             | anybody, by compare-and-exchange                                                          |
 * | permits of a semaphore, by holder | the holder, with the lock; who has seen it die                              |
 * | size of a semaphore, or channel   | the owner of the runtime, before anybody knows of it                        |
 * | DONE_BELL           | the thread that ends, and who has seen the policy fail                                    |
 * | CANCEL              | who has the lock: asked; the thread itself: told                                          |
 * | RESULT_*            | the thread that ends                                                                      |
 * | everything else     | who has the lock                                                                          |
 */
import { type Addr, addr } from "../atomics/address.ts";
import {
  UMCG_API_VERSION_OFFSET,
  UMCG_NEXT_TID_OFFSET,
  UMCG_SERVER_TID_OFFSET,
  UMCG_STATE_OFFSET,
} from "../umcg/abi.ts";
import { ThreadError } from "./errors.ts";

export interface ThreadSizes {
  /** Threads that exist at once, 1 to 1000. */
  readonly threads: number;
  /** How many of them run at once, 1 to 64. */
  readonly cpus: number;
  /** Mutexes that can be made, up to 4096. */
  readonly mutexes: number;
  /** Semaphores and channels that can be made, up to 4096, and the bytes of all places of channels. Default 0. */
  readonly semaphores?: number;
  readonly channels?: number;
  readonly channelBytes?: number;
  /** Words of the policy. */
  readonly policyWords: number;
}

/** Slot of the isolate that owns the runtime. It is no thread: it takes the lock and never a CPU. */
export const OWNER = 1;
/** Slot of the first thread; a policy calls it 1. */
export const FIRST_SLOT = 2;

const LINE = 16;
/** The lock has a line of its own. */
export const LOCK: number = LINE;
/** Counts: tickets given, threads in the policy's queue, threads that ended, recoveries. */
export const TICKETS: number = 2 * LINE;
export const READY: number = 2 * LINE + 1;
export const RECOVERIES: number = 2 * LINE + 2;
/** Calls of threads by threads. */
export const CALLS: number = 2 * LINE + 3;
/** Another line: rung when a thread has ended, and whether the owner sleeps until then. */
export const DONE_BELL: number = 3 * LINE;
export const OWNER_SLEEPS: number = 3 * LINE + 1;
/** Which function of the policy has failed, 0: none, and why: the length of a text in bytes, and the text. */
export const POLICY_FAILED: number = 2 * LINE + 4;
export const FAILURE_LENGTH: number = 2 * LINE + 5;
export const FAILURE_TEXT: number = 4 * LINE;
/** Jobs of the owner that wait for a Worker. */
export const WANTED: number = 2 * LINE + 6;
/** How often the policy was called, times 4, and which of its functions it is in, 0: none. */
export const POLICY_CALL: number = 2 * LINE + 7;
/** Room for a text, there and in a thread's record. */
export const TEXT_BYTES: number = 4 * LINE * 4;
const CPUS: number = 8 * LINE;

/** Words of a CPU. */
export const CPU_WORDS: number = LINE;
export const CPU_OWNER = 0;
export const CPU_SWITCHES = 1;
/** Float64s of a CPU, counted in float64s: when its owner got it, and how long it was owned before. ns. */
export const CPU_SINCE = 1;
export const CPU_BUSY = 2;

/** Words of a thread. */
export const THREAD_WORDS: number = 8 * LINE;
export const STATE: number = UMCG_STATE_OFFSET / 4;
export const API_VERSION: number = UMCG_API_VERSION_OFFSET / 4;
export const SERVER_TID: number = UMCG_SERVER_TID_OFFSET / 4;
export const NEXT_TID: number = UMCG_NEXT_TID_OFFSET / 4;
/** Beyond the struct: which thread it is, 0 = none; PHASE_ of the slot. */
export const ID = 8;
export const PHASE = 9;
/** An unpark that came before its park. */
export const PERMIT = 10;
/** WAIT_: why it is not running; the word it waits for, as an address, or 0; what the wait has come to. */
export const REASON = 11;
export const WAIT_ADDR = 12;
export const WAIT_RESULT = 13;
/** CANCEL_: has it been asked to end, and told so? */
export const CANCEL: number = LINE + 10;
export const CANCEL_NOT = 0;
export const CANCEL_ASKED = 1;
export const CANCEL_TOLD = 2;
/** Its place among those who became ready or began to wait. */
export const TICKET = 14;
/** The CPU it had last, from 0, and what the spawner calls its priority. */
export const LAST_CPU: number = LINE;
export const PRIORITY: number = LINE + 1;
/** How often it was given a CPU, and kicked. */
export const SWITCHES: number = LINE + 2;
export const KICKS: number = LINE + 3;
/** What it is to run, and how many arguments there are in words, or ARGS_IN_PORT. */
export const JOB: number = LINE + 4;
export const ARGS: number = LINE + 5;
/** RESULT_: where its result is. */
export const RESULT: number = LINE + 6;
/** Slot of the parent, which collects the result; 0: the owner of the runtime. */
export const CALLER: number = LINE + 7;
/** 1 while it spins for its turn: written by itself, and under the lock when it begins. */
export const SPINNING: number = LINE + 8;
/** Length in bytes of the text of what it has thrown, and the text, for a caller. */
export const TEXT_LENGTH: number = LINE + 9;
export const TEXT: number = 4 * LINE;
/** Float64s of a thread: since when it is in its state; CPU time before; time ready before; result; arguments. */
export const SINCE: number = LINE;
export const CPU_TIME: number = LINE + 1;
export const READY_TIME: number = LINE + 2;
export const RESULT_VALUE: number = LINE + 3;
export const ARGUMENTS: number = LINE + 4;
export const MAX_ARGUMENTS = 8;

/** Phases of a slot: no Worker; a Worker that waits to be a thread; a thread; a thread whose result waits. */
export const PHASE_EMPTY = 0;
export const PHASE_FREE = 1;
export const PHASE_TAKEN = 2;
export const PHASE_ENDED = 3;

/** Why a thread is not running. */
export const WAIT_NONE = 0;
export const WAIT_START = 1;
export const WAIT_PARK = 2;
export const WAIT_SWITCH = 3;
export const WAIT_WORD = 4;
export const WAIT_MUTEX = 5;
export const WAIT_SLEEP = 6;
export const WAIT_BLOCKING = 7;
export const WAIT_CALL = 8;
export const WAIT_JOIN = 9;
export const WAIT_SEND = 10;
export const WAIT_RECEIVE = 11;
export const WAIT_SEMAPHORE = 12;
export const WAIT_REASONS = [
  "none",
  "start",
  "park",
  "switchTo",
  "word",
  "mutex",
  "sleep",
  "blocking",
  "call",
  "join",
  "send",
  "receive",
  "semaphore",
] as const;
/** Why a host thread does not run. */
export type WaitReason = (typeof WAIT_REASONS)[number];

/** Words of a semaphore: how many permits there are, how many nobody has; has a holder died with one? may somebody be waiting? */
export const PERMITS = 0;
export const FREE_PERMITS = 1;
export const SEMAPHORE_DIED = 2;
export const SEMAPHORE_WAITERS = 3;
/** The first of as many words as there are slots: how many permits each has. */
export const HELD_PERMITS = 4;

/** Words of a channel. May somebody be waiting to send, or to receive? Their addresses are what those wait for. */
export const TO_SEND = 0;
export const TO_RECEIVE = 1;
/** Places; words of each; first word of the first; 1 when it is closed. */
export const CAPACITY = 2;
export const PLACE_WORDS = 3;
export const PLACES = 4;
export const CLOSED = 5;
/** Values sent, and received, modulo twice the capacity: all that is true of a channel's values. */
export const SENT = 6;
export const RECEIVED = 7;
/** 1: the owner of the runtime waits for something here, on this word. */
export const OWNER_WAITS = 8;
export const CHANNEL_WORDS = 10;

const MAX_CHANNEL_BYTES: number = 2 ** 30;

export interface ThreadLayout {
  readonly sizes: ThreadSizes;
  /** Word numbers. */
  readonly cpus: number;
  readonly threads: number;
  readonly mutexes: number;
  readonly semaphores: number;
  /** Words of a semaphore. */
  readonly semaphoreWords: number;
  readonly channels: number;
  readonly policy: number;
  /** Of all channels' places; even. */
  readonly places: number;
  readonly bytes: number;
}

/** A pure function of the sizes: every isolate that is told them finds the same words. Throws ERR_OPTION. */
export function layOutThreads(sizes: ThreadSizes): ThreadLayout {
  check("threads", sizes.threads, 1, 1000);
  check("cpus", sizes.cpus, 1, 64);
  check("mutexes", sizes.mutexes, 0, 4096);
  check("words of the policy", sizes.policyWords, 0, 1 << 20);
  const threads = CPUS + sizes.cpus * CPU_WORDS;
  // Slots count from 1, and the first is the owner's.
  const mutexes = threads + (sizes.threads + FIRST_SLOT) * THREAD_WORDS;
  const { semaphores: howMany = 0, channels: many = 0, channelBytes = 0 } = sizes;
  check("semaphores", howMany, 0, 4096);
  check("channels", many, 0, 4096);
  check("channelBytes", channelBytes, 0, MAX_CHANNEL_BYTES);
  const semaphores = mutexes + sizes.mutexes;
  const semaphoreWords = HELD_PERMITS + sizes.threads + FIRST_SLOT;
  const channels = semaphores + howMany * semaphoreWords;
  const policy = channels + many * CHANNEL_WORDS;
  const places = (policy + sizes.policyWords + 1) & ~1;
  const bytes = places * 4 + channelBytes + 8;
  return { sizes, cpus: CPUS, threads, mutexes, semaphores, semaphoreWords, channels, policy, places, bytes };
}

/** The address of word number `word`. */
export function addrOf(word: number): Addr {
  return addr(word * 4);
}

function check(name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new ThreadError(
    "ERR_OPTION",
    `${name} must be a whole number from ${least} to ${most}, got ${value}`,
  );
}
