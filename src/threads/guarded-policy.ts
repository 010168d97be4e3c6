/**
 * The policy, which is a user's code and runs under the scheduler's lock: what it throws, and what it answers wrong.
 *
 * Whoever sees it fail is in the middle of a decision with the lock, and all others need one, so the decision is made all the
 * same: from then on, on every isolate, the order is that of the tickets in the threads' records, which needs no queue. The
 * failure is in words, the owner of the runtime is rung, and ends the runtime: every join, and who spawns later, is told
 * ERR_POLICY.
 *
 * Each call of it is numbered in a word, for whoever looks whether one does not come back (policy-watch.ts).
 *
 * Rejected: throwing it at the thread that happened to call (it has done nothing wrong, and the lock is half way through a
 * switch), and going on with the other order for good (nobody would know that the policy is not the one that was asked for).
 */
import { textOf } from "../diagnostics/text-of.ts";
import type { Board } from "./board.ts";
import { ThreadError } from "./errors.ts";
import {
  DONE_BELL,
  FAILURE_LENGTH,
  FAILURE_TEXT,
  FIRST_SLOT,
  LAST_CPU,
  POLICY_CALL,
  POLICY_FAILED,
  PRIORITY,
  TICKET,
} from "./layout.ts";
import { putText, takeText } from "./texts.ts";

/** In POLICY_FAILED, from 1. */
const FUNCTIONS = ["enqueue", "pick", "remove"] as const;
export type PolicyFunction = (typeof FUNCTIONS)[number];
const [ENQUEUE, PICK, REMOVE] = [1, 2, 3] as const;

/** The policy is about to be asked: another call than any before. It has answered, one way or the other. */
function begin(words: Int32Array, of: number): void {
  words[POLICY_CALL] = (words[POLICY_CALL]! | 3) + 1 + of;
}
export function endPolicyCall(words: Int32Array): void {
  words[POLICY_CALL]! &= ~3;
}

export function enqueue(board: Board, slot: number): void {
  const { words, policy, queue } = board;
  if (words[POLICY_FAILED] !== 0) return;
  const record = board.record(slot);
  begin(words, ENQUEUE);
  try {
    policy.enqueue(
      queue,
      board.layout.sizes,
      threadOf(slot),
      words[record + LAST_CPU]!,
      words[record + PRIORITY]!,
    );
  } catch (error) {
    fail(board, "enqueue", threw(error));
  }
  endPolicyCall(words);
}

export function remove(board: Board, slot: number): void {
  if (board.words[POLICY_FAILED] !== 0) return;
  begin(board.words, REMOVE);
  try {
    board.policy.remove(board.queue, board.layout.sizes, threadOf(slot));
  } catch (error) {
    fail(board, "remove", threw(error));
  }
  endPolicyCall(board.words);
}

/** A slot that is listed. There is one. */
export function pick(board: Board, cpu: number): number {
  if (board.words[POLICY_FAILED] !== 0) return firstListed(board);
  let thread: unknown;
  begin(board.words, PICK);
  try {
    thread = board.policy.pick(board.queue, board.layout.sizes, cpu);
    endPolicyCall(board.words);
  } catch (error) {
    endPolicyCall(board.words);
    fail(board, "pick", threw(error));
    return firstListed(board);
  }
  // As an unsigned number: one that is negative or none at all is too large.
  if (typeof thread === "number" && (thread - 1) >>> 0 < board.layout.sizes.threads) {
    const slot = thread + FIRST_SLOT - 1;
    if (board.isListed(slot)) return slot;
  }
  fail(board, "pick", `returned ${textOf(thread)}, which is no thread that is ready`);
  return firstListed(board);
}

/** A policy counts threads from 1. */
function threadOf(slot: number): number {
  return slot - FIRST_SLOT + 1;
}

function threw(error: unknown): string {
  return `threw: ${textOf(error)}`;
}

function fail({ words }: Board, name: PolicyFunction, what: string): void {
  putText(words, FAILURE_TEXT, FAILURE_LENGTH, what);
  words[POLICY_FAILED] = FUNCTIONS.indexOf(name) + 1;
  // The owner may be asleep; it looks at the bell, whoever rang.
  const bell = new Int32Array(words.buffer, DONE_BELL * 4, 1);
  Atomics.add(bell, 0, 1);
  Atomics.notify(bell, 0);
}

function firstListed(board: Board): number {
  let first = 0;
  for (let slot = FIRST_SLOT; slot <= board.lastSlot; slot++) {
    if (!board.isListed(slot)) continue;
    // Tickets wrap around: the difference tells who was first.
    const later = (ticketOf(board, slot) - ticketOf(board, first)) | 0;
    if (first === 0 || later < 0) first = slot;
  }
  return first;
}

function ticketOf(board: Board, slot: number): number {
  return board.words[board.record(slot) + TICKET]!;
}

/** The last call of the policy: its number, and the function that it is in; none: it has come back. */
export function policyCall({ words }: Board): {
  readonly number: number;
  readonly function: PolicyFunction | undefined;
} {
  const call = words[POLICY_CALL]!;
  return { number: call, function: FUNCTIONS[(call & 3) - 1] };
}

/** How the policy that is called `name` has failed; undefined: it has not. */
export function policyFailure({ words }: Board, name: string): ThreadError | undefined {
  const failed = words[POLICY_FAILED]!;
  if (failed === 0) return undefined;
  const what = takeText(words, FAILURE_TEXT, FAILURE_LENGTH);
  return new ThreadError("ERR_POLICY", `${FUNCTIONS[failed - 1]}() of the policy ${name} ${what}`);
}
