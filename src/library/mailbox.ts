/**
 * Mailboxes: how a call gets from the thread that makes it to the kernel's thread, and its result back.
 *
 *     gate | bell | dead | (line) mailbox 1 | mailbox 2 | ...
 *
 * | word   | written by                                                                        |
 * |--------|-----------------------------------------------------------------------------------|
 * | gate   | callers, for the time of a call; who halts the kernel (kernel-sim/lkl/cpu/entry-gate.ts) |
 * | bell   | anybody who has something for the kernel: +1; the kernel's thread waits for it      |
 * | state  | below                                                                               |
 * | call, arguments | the caller, before POSTED                                                  |
 * | result | the kernel's thread, before SERVED                                                 |
 *
 * | state  | to              | by                                                                  |
 * |--------|-----------------|---------------------------------------------------------------------|
 * | FREE   | OWNED           | a thread that connects, or a promise that needs a mailbox for one call |
 * | OWNED  | POSTED, FREE    | its owner                                                            |
 * | POSTED | SERVED, KILLED, HALTED, DIED | the kernel's thread, HALTED when it halts; who has seen that thread die: DIED |
 * | SERVED, KILLED, HALTED, DIED | OWNED | its owner                                               |
 *
 * The caller's half is a coroutine over host words: on a Worker it blocks, on the main thread it is a promise, and it can
 * be explored. A caller holds a share of the gate from before it posts until it has its answer, so that who halts knows when
 * the last one has been told.
 */
import { type Addr, addr } from "../atomics/address.ts";
import type { Coroutine } from "../atomics/step.ts";
import { enterGate, type GateLayout, leaveGate } from "../kernel-sim/lkl/cpu/entry-gate.ts";
import type { HostWords } from "../kernel-sim/lkl/host/host-words.ts";
import { fetchAdd, wordAt } from "../kernel-sim/lkl/host/words.ts";
import { LibraryError } from "./errors.ts";

export const FREE = 0;
export const OWNED = 1;
export const POSTED = 2;
export const SERVED = 3;
export const HALTED = 4;
export const DIED = 5;
export const KILLED = 6;

export const ARGUMENTS = 6;
const MAILBOX_BYTES = 128;
const HEAD_BYTES = 64;
const ARGS_AT = 16;
const RESULT_AT: number = ARGS_AT + 8 * ARGUMENTS;

/** A wake-up that does not come is looked for again after so long: a kernel that was killed tells nobody. */
const LOOK_AGAIN_NS = 1e9;

export const GATE: GateLayout = { gate: addr(8), sizes: { maxInside: 1 << 20 } };
export const BELL: Addr = addr(12);
/** 1: the kernel's thread is gone, and answers nothing. Written by who has booted it. */
export const DEAD: Addr = addr(16);

export function mailboxBytes(callers: number): number {
  return HEAD_BYTES + callers * MAILBOX_BYTES;
}

export function stateAt(caller: number): Addr {
  return addr(HEAD_BYTES + (caller - 1) * MAILBOX_BYTES);
}
export function callAt(caller: number): Addr {
  return wordAt(stateAt(caller), 1);
}
export function argsAt(caller: number): Addr {
  return addr(stateAt(caller) + ARGS_AT);
}
export function resultAt(caller: number): Addr {
  return addr(stateAt(caller) + RESULT_AT);
}

/** What is left out is undefined. */
export type CallArguments = readonly (number | undefined)[];

/** Takes a free mailbox of `callers`; throws ERR_NO_SLOT. */
export function* claimMailbox({ memory }: HostWords, callers: number): Coroutine<number> {
  for (let caller = 1; caller <= callers; caller++) {
    if ((yield* memory.cmpxchg32(stateAt(caller), FREE, OWNED)) === 0) return caller;
  }
  throw new LibraryError("ERR_NO_SLOT", `all ${callers} mailboxes are taken: boot with more callers`);
}

export function* freeMailbox({ memory }: HostWords, caller: number): Coroutine<void> {
  yield* memory.store32(stateAt(caller), FREE);
}

/**
 * Has the kernel make call number `call`, in the mailbox `caller`, which is the caller's: the result.
 * Throws ERR_HALTED, ERR_KERNEL_DIED, ERR_TASK_KILLED.
 */
export function* callKernel(
  words: HostWords,
  caller: number,
  call: number,
  args: CallArguments,
): Coroutine<number> {
  const { memory } = words;
  if ((yield* enterGate(words, GATE)) !== "in") throw halted();
  const numbers = new Float64Array(ARGUMENTS);
  // What is left out is undefined in the kernel, too.
  for (let i = 0; i < ARGUMENTS; i++) numbers[i] = args[i] ?? Number.NaN;
  yield* memory.copyIn(argsAt(caller), new Uint8Array(numbers.buffer));
  yield* memory.store32(callAt(caller), call);
  yield* memory.store32(stateAt(caller), POSTED);
  yield* fetchAdd(memory, BELL, 1);
  yield* words.wakeWord(BELL, 1);
  const state = yield* answered(words, caller);
  yield* memory.copyOut(resultAt(caller), new Uint8Array(numbers.buffer, 0, 8));
  yield* memory.store32(stateAt(caller), OWNED);
  yield* leaveGate(words, GATE);
  if (state === HALTED) throw halted();
  if (state === DIED) throw new LibraryError("ERR_KERNEL_DIED", "the kernel's thread has died");
  if (state === KILLED) throw new LibraryError("ERR_TASK_KILLED", "the caller's task was killed in the call");
  return numbers[0]!;
}

/** Waits until the mailbox is not POSTED any more; what it is. */
function* answered(words: HostWords, caller: number): Coroutine<number> {
  // Each turn is an answer, a time-out, or a wake-up for no reason.
  for (;;) {
    const state = yield* words.memory.load32(stateAt(caller));
    if (state !== POSTED) return state;
    const dead = (yield* words.memory.load32(DEAD)) !== 0;
    if (dead) yield* words.memory.cmpxchg32(stateAt(caller), POSTED, DIED);
    else yield* words.waitWord(stateAt(caller), POSTED, LOOK_AGAIN_NS);
  }
}

function halted(): LibraryError {
  return new LibraryError("ERR_HALTED", "the kernel has been halted");
}
