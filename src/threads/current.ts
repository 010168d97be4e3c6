/**
 * What a host thread can do: plain functions that block. They are about the thread that calls them, of which there is one in
 * an isolate.
 *
 * ```ts
 * import { blocking, lock, park, safepoint, unlock, yieldNow } from "umcg/threads";
 * export function job(path: string): number {
 *   const text = blocking(() => readFileSync(path, "utf8")); // meanwhile its CPU is for others
 *   for (const line of text.split("\n")) { work(line); safepoint(); }
 * }
 * ```
 */
import { EAGAIN, EINTR, EOWNERDEAD, ESRCH, ETIMEDOUT } from "../atomics/errno.ts";
import type { Step } from "../atomics/step.ts";
import { runToEnd } from "../hosts/threads/run-to-end.ts";
import { FOREVER } from "../kernel-sim/times.ts";
import { UMCG_TF_PREEMPTED } from "../umcg/abi.ts";
import { type Called, callThread, joinThread, leaveChildren, spawnThread } from "./call.ts";
import { ThreadError } from "./errors.ts";
import { CANCEL, CANCEL_NOT, CPU_TIME, ID, MAX_ARGUMENTS, STATE } from "./layout.ts";
import { abandonMutexes } from "./mutex-words.ts";
import type { Scheduler } from "./scheduler.ts";
import { abandonPermits } from "./semaphore-words.ts";
import { thrownOfText } from "./texts.ts";
import { RESULT_ASYNC, RESULT_IN_PORT, RESULT_NOT_LOADED } from "./values.ts";
import { wakeWaiters } from "./word-waits.ts";

let current: Scheduler | undefined;
/** What the thread has locked, and has permits of. */
export const held: { mutexes: number; permits: number } = { mutexes: 0, permits: 0 };
/** Threads that it has spawned and not joined. */
const children: Set<number> = new Set();
let stateWord = 0;
/** A call of the scheduler has thrown half way through: what the thread has written may be half a decision. */
let torn = false;

/** A thread begins on this isolate. */
export function begin(scheduler: Scheduler): void {
  current = scheduler;
  held.mutexes = 0;
  held.permits = 0;
  stateWord = scheduler.board.record(scheduler.words.self) + STATE;
}

/** It is over. What it has locked is abandoned. */
export function finish(): void {
  const scheduler = current;
  current = undefined;
  if (scheduler === undefined) return;
  if (children.size > 0) runToEnd(leaveChildren(scheduler));
  children.clear();
  if (held.permits > 0) runToEnd(abandonPermits(scheduler));
  if (held.mutexes === 0) return;
  const { board, words } = scheduler;
  runToEnd(abandonMutexes(words.memory, board.layout, words.self));
  for (let mutex = 0; mutex < board.layout.sizes.mutexes; mutex++)
    runToEnd(wakeWaiters(scheduler, board.layout.mutexes + mutex, board.lastSlot));
}

/** The calling thread's. Throws ERR_NOT_A_THREAD. */
export function self(): Scheduler {
  if (current !== undefined) return current;
  if (torn)
    throw new ThreadError(
      "ERR_THREAD_DIED",
      "the thread is about to die: a call has thrown half way through",
    );
  throw new ThreadError("ERR_NOT_A_THREAD", "this function is for host threads, while they run");
}

/** Is the calling thread to die, so that its records are put right? */
export function isTorn(): boolean {
  return torn;
}

/**
 * Runs a call of the scheduler to its end. None throws, but where there is no stack left for it, and then anywhere. So what is
 * noted then is noted without a call.
 */
export function perform<T>(step: Step<T>): T {
  try {
    return runToEnd(step);
  } catch (error) {
    torn = true;
    current = undefined;
    throw error;
  }
}

/** A time to wait, ms, in ns: none below 0. Throws ERR_TIME for what is no number. */
export function nsOf(what: string, ms: number): number {
  if (typeof ms === "number" && !Number.isNaN(ms)) return Math.max(0, ms * 1e6);
  throw new ThreadError("ERR_TIME", `${what} takes a time in ms, got ${String(ms)}`);
}

/** A cancellation point: throws ERR_CANCELLED, once, if the thread has been cancelled. */
function checkCancelled(scheduler: Scheduler): void {
  if (scheduler.takeCancel())
    throw new ThreadError("ERR_CANCELLED", `thread ${threadId()} has been cancelled`);
}

/** What a wait has come to. Throws ERR_CANCELLED. */
export function waited(scheduler: Scheduler, result: number): number {
  if (result === -EINTR) checkCancelled(scheduler);
  return result;
}

/** The number of the calling thread: what its handle calls `id`. */
export function threadId(): number {
  const { board, words } = self();
  return board.words[board.record(words.self) + ID]!;
}

/** The CPU that the thread runs on, from 0. */
export function cpu(): number {
  const { board, words } = self();
  return board.cpuOf(words.self);
}

/** How long the thread has had a CPU before it got the one it has, ns. */
export function cpuTimeNs(): number {
  const { board, words } = self();
  return board.times[(board.record(words.self) >> 1) + CPU_TIME]!;
}

/** Lets others run that are ready. False: nobody was. Throws ERR_CANCELLED. */
export function yieldNow(): boolean {
  const scheduler = self();
  const ran = scheduler.anybodyReady && perform(scheduler.yieldNow());
  checkCancelled(scheduler);
  return ran;
}

/**
 * Gives way if the scheduler has asked for it. For code that computes for long: nothing else can interrupt it. Throws ERR_CANCELLED.
 */
export function safepoint(): void {
  const scheduler = self();
  if ((scheduler.board.words[stateWord]! & UMCG_TF_PREEMPTED) !== 0) perform(scheduler.yieldNow());
  checkCancelled(scheduler);
}

function handOver(scheduler: Scheduler, peer: number, timeoutNs: number): number {
  try {
    // Without a coroutine it has happened before there is a step to run.
    return runToEnd(scheduler.switchTo(peer, timeoutNs));
  } catch (error) {
    torn = true;
    current = undefined;
    throw error;
  }
}

/**
 * Gives the CPU to `peer`, which is parked, or ready, and waits until somebody switches to the caller or unparks it. False: it
 * was `timeoutMs` before. Throws ERR_NO_PEER when the peer cannot run now, ERR_PEER_DIED, and ERR_CANCELLED.
 */
export function switchTo(peer: number, timeoutMs: number = FOREVER): boolean {
  const scheduler = self();
  const result = waited(scheduler, handOver(scheduler, peer, nsOf("switchTo", timeoutMs)));
  if (result === -ESRCH)
    throw new ThreadError("ERR_NO_PEER", `thread ${peer} is not there, or neither parked nor ready`);
  if (result === -EOWNERDEAD) throw new ThreadError("ERR_PEER_DIED", `thread ${peer} has died`);
  return result !== -ETIMEDOUT;
}

/**
 * Waits until somebody unparks the caller or switches to it; at once if that has happened before. False: time is up. Throws
 * ERR_CANCELLED.
 */
export function park(timeoutMs: number = FOREVER): boolean {
  const scheduler = self();
  return waited(scheduler, perform(scheduler.park(nsOf("park", timeoutMs)))) !== -ETIMEDOUT;
}

/** Ends the park of a thread, or its next. False: there is no such thread. */
export function unpark(peer: number): boolean {
  return perform(self().unpark(peer));
}

/** Asks a running thread to give way at its next safepoint. False: it does not run. */
export function kick(peer: number): boolean {
  return perform(self().kick(peer));
}

/** Leaves the CPU to others for `ms`. Throws ERR_CANCELLED. */
export function sleep(ms: number): void {
  const scheduler = self();
  waited(scheduler, perform(scheduler.sleep(nsOf("sleep", ms))));
}

/**
 * Asks a thread to end: its next cancellation point throws ERR_CANCELLED, once, and one that it waits in does so now. These are its
 * waits (but not `call` and `blocking`), `yieldNow`, and `safepoint`. False: it has been asked before, or there is no such thread.
 */
export function cancel(peer: number): boolean {
  return perform(self().cancel(peer));
}

/** Has the calling thread been cancelled, whether it has been told or not? */
export function isCancelled(): boolean {
  const { board, words } = self();
  return board.words[board.record(words.self) + CANCEL] !== CANCEL_NOT;
}

/**
 * Runs `call`, which may block the host thread: files, `Atomics.wait`, child processes. The CPU is somebody else's meanwhile,
 * and `call` must not use these functions. What it returns or throws.
 */
export function blocking<T>(call: () => T): T {
  const scheduler = self();
  perform(scheduler.block());
  current = undefined;
  try {
    return call();
  } finally {
    current = scheduler;
    perform(scheduler.unblock());
  }
}

/**
 * Has another thread run a function with numbers (at most 8), and waits for what it returns: a number, a boolean, null or
 * undefined. `code`: from `HostThreads.define()`. Throws ERR_NO_WORKER when no Worker waits (`prewarm`), ERR_THREAD_THREW and
 * ERR_THREAD_LOAD with what it has thrown as their `cause` (an error's name, code and message), ERR_PEER_DIED, ERR_ARGUMENTS,
 * ERR_THREAD_ASYNC.
 */
export function call(code: number, ...values: number[]): unknown {
  checkNumbers(values);
  return resultOf(perform(callThread(self(), code, values)), "the called thread");
}

/**
 * The same, without waiting: the number of the new thread, which is the caller's to join. Throws ERR_NO_WORKER, ERR_ARGUMENTS. One
 * that is not joined when the caller ends is nobody's, and goes on.
 */
export function spawn(code: number, ...values: number[]): number {
  checkNumbers(values);
  const thread = perform(spawnThread(self(), code, values));
  if (thread === 0) throw new ThreadError("ERR_NO_WORKER", NO_WORKER);
  children.add(thread);
  return thread;
}

/**
 * Waits for a thread that the caller has spawned, once: what it returns. Throws what `call` throws; ERR_TIMED_OUT, and then it can be
 * joined again, as after ERR_CANCELLED; ERR_NO_PEER when it is none of the caller's, or has been joined.
 */
export function join(thread: number, timeoutMs: number = FOREVER): unknown {
  const scheduler = self();
  if (!children.has(thread))
    throw new ThreadError("ERR_NO_PEER", `thread ${thread} is none that thread ${threadId()} has to join`);
  const called = perform(joinThread(scheduler, thread, nsOf("join", timeoutMs)));
  if (called === -EINTR) checkCancelled(scheduler);
  if (called === -ETIMEDOUT)
    throw new ThreadError("ERR_TIMED_OUT", `thread ${thread} has not ended within ${timeoutMs} ms`);
  children.delete(thread);
  return resultOf(called, `thread ${thread}`);
}

function checkNumbers(values: readonly number[]): void {
  if (values.length <= MAX_ARGUMENTS && values.every((value) => typeof value === "number")) return;
  throw new ThreadError("ERR_ARGUMENTS", `a call takes at most ${MAX_ARGUMENTS} numbers`);
}

const NO_WORKER = "no Worker waits to be called";

function resultOf(called: Called, who: string): unknown {
  if (called === -EAGAIN) throw new ThreadError("ERR_NO_WORKER", NO_WORKER);
  if (typeof called === "number") throw new ThreadError("ERR_PEER_DIED", `${who} has died`);
  if ("value" in called) return called.value;
  if (called.kind === RESULT_ASYNC) throw new ThreadError("ERR_THREAD_ASYNC", `${who} returned a promise`);
  if (called.kind === RESULT_IN_PORT)
    throw new ThreadError("ERR_ARGUMENTS", `${who} returned ${called.text}, which is no result of a call`);
  const cause = thrownOfText(called.text);
  if (called.kind === RESULT_NOT_LOADED)
    throw new ThreadError("ERR_THREAD_LOAD", `${who} did not load: ${String(cause)}`, { cause });
  throw new ThreadError("ERR_THREAD_THREW", `${who} threw: ${String(cause)}`, { cause });
}
