/**
 * What becomes of the records when a thread has died: the owner-death protocol.
 *
 * The owner of the runtime sees a Worker go, takes the lock, from the dead one if that had it, and puts the records right as if
 * every single word but the CPUs' owners might be half written. There is one way and not one for each place to die at, so the
 * way is always used and always tested (test/threads/torn.test.ts leaves the records at every store of every call).
 *
 * | found                                                  | made of it                                                       |
 * |--------------------------------------------------------|------------------------------------------------------------------|
 * | a CPU of the dead thread's                             | idle                                                               |
 * | a thread that owns a CPU                               | RUNNING, and told again: who was to tell it may have died           |
 * | RUNNING without a CPU                                  | ready: it was being switched to or from                             |
 * | waiting for a word, a permit, a channel                | ready: it looks again; a wake-up may have died                        |
 * | permits of the dead thread's                           | free; how many are follows from who has how many                      |
 * | waiting for the dead thread, by a switch or a join     | ready, with -EOWNERDEAD                                              |
 * | about to begin, and never made ready                   | no thread: its spawner has died, and nobody knows of it              |
 * | the policy's words                                     | 0; all who are ready are enqueued, in the order of their tickets      |
 */
import { EOWNERDEAD } from "../atomics/errno.ts";
import type { Coroutine } from "../atomics/step.ts";
import { EVERYBODY } from "../kernel-sim/lkl/host/words.ts";
import {
  UMCG_TASK_IDLE,
  UMCG_TASK_NONE,
  UMCG_TASK_RUNNING,
  UMCG_TF_LISTED,
  UMCG_TF_STATE_MASK,
} from "../umcg/abi.ts";
import type { Board } from "./board.ts";
import { disownChildren } from "./call.ts";
import { tellOwnerOfAll } from "./channel-words.ts";
import { endPolicyCall } from "./guarded-policy.ts";
import {
  addrOf,
  CPU_OWNER,
  FIRST_SLOT,
  ID,
  NEXT_TID,
  PHASE,
  PHASE_EMPTY,
  PHASE_FREE,
  PHASE_TAKEN,
  READY,
  REASON,
  RECOVERIES,
  SERVER_TID,
  SPINNING,
  STATE,
  TICKET,
  WAIT_CALL,
  WAIT_JOIN,
  WAIT_MUTEX,
  WAIT_RECEIVE,
  WAIT_RESULT,
  WAIT_SEMAPHORE,
  WAIT_SEND,
  WAIT_SWITCH,
  WAIT_WORD,
} from "./layout.ts";
import { abandonMutexes } from "./mutex-words.ts";
import { takeOver, wakeSleepers } from "./sched-lock.ts";
import type { Scheduler } from "./scheduler.ts";
import { recoverPermits } from "./semaphore-words.ts";

/** What the dead thread was doing, by its record. */
export interface Remains {
  readonly id: number;
  readonly state: number;
  readonly reason: number;
}

/** Slot `dead` will not write another word. By the owner of the runtime, once a death. */
export function* recover(scheduler: Scheduler, dead: number): Coroutine<Remains> {
  const { board, words, lockSpins } = scheduler;
  yield* takeOver(words, dead, lockSpins);
  const record = board.record(dead);
  const remains: Remains = {
    id: board.words[record + ID]!,
    state: board.words[record + STATE]! & (UMCG_TF_STATE_MASK | UMCG_TF_LISTED),
    reason: board.words[record + REASON]!,
  };
  // Those who wait for a mutex look again in any case.
  yield* abandonMutexes(words.memory, board.layout, dead);
  repair(board, dead, words.now());
  yield* scheduler.unlock();
  // Whoever the dead one has given the lock back to and not woken, or told and not woken.
  yield* wakeSleepers(words);
  yield* tellOwnerOfAll(scheduler);
  for (let slot = FIRST_SLOT; slot <= board.lastSlot; slot++)
    yield* words.wakeWord(addrOf(board.record(slot) + SERVER_TID), EVERYBODY);
  return remains;
}

/** Puts the records right. Whoever calls it has the lock. */
export function repair(board: Board, dead: number, nowNs: number): void {
  board.told.length = 0;
  endPolicyCall(board.words);
  const deadId = board.words[board.record(dead) + ID]!;
  const cpuOf = ownersOf(board, dead);
  disownChildren(board, dead);
  for (let slot = FIRST_SLOT; slot <= board.lastSlot; slot++) {
    if (slot === dead) continue;
    const cpu = cpuOf.get(slot);
    if (cpu === undefined) disown(board, slot, deadId);
    else {
      board.words[board.record(slot) + STATE] = UMCG_TASK_RUNNING;
      board.words[board.record(slot) + SERVER_TID] = cpu + 1;
    }
  }
  recoverPermits(board, dead);
  clear(board, dead);
  rebuild(board);
  board.words[RECOVERIES]!++;
  board.fill(nowNs);
}

/** Which CPU each owner has, once those of the dead one are nobody's. */
function ownersOf(board: Board, dead: number): ReadonlyMap<number, number> {
  const cpuOf = new Map<number, number>();
  for (let cpu = 0; cpu < board.layout.sizes.cpus; cpu++) {
    const owner = board.ownerOf(cpu);
    if (owner === dead) board.words[board.cpuRecord(cpu) + CPU_OWNER] = 0;
    else if (owner !== 0) cpuOf.set(owner, cpu);
  }
  return cpuOf;
}

/** Waits for what a word says: to be looked at again. */
const FOR_A_WORD: ReadonlySet<number> = new Set([
  WAIT_WORD,
  WAIT_MUTEX,
  WAIT_SEND,
  WAIT_RECEIVE,
  WAIT_SEMAPHORE,
]);

/** Waits for a thread, which NEXT_TID says. */
const FOR_ANOTHER: ReadonlySet<number> = new Set([WAIT_SWITCH, WAIT_CALL, WAIT_JOIN]);

/** A thread that has no CPU. */
function disown(board: Board, slot: number, deadId: number): void {
  const { words } = board;
  const record = board.record(slot);
  words[record + SERVER_TID] = 0;
  const state = board.stateOf(slot);
  const waits = board.isWaiting(slot);
  const reason = words[record + REASON]!;
  if (state === UMCG_TASK_RUNNING) list(board, record);
  else if (waits && FOR_A_WORD.has(reason)) list(board, record);
  else if (waits && FOR_ANOTHER.has(reason) && words[record + NEXT_TID] === deadId) {
    words[record + WAIT_RESULT] = -EOWNERDEAD;
    list(board, record);
  } else if (state === UMCG_TASK_NONE && words[record + PHASE] === PHASE_TAKEN)
    words[record + PHASE] = PHASE_FREE;
}

function list({ words }: Board, record: number): void {
  words[record + STATE] = UMCG_TASK_IDLE | UMCG_TF_LISTED;
}

function clear(board: Board, dead: number): void {
  const record = board.record(dead);
  board.words[record + STATE] = UMCG_TASK_NONE;
  board.words[record + SERVER_TID] = 0;
  board.words[record + PHASE] = PHASE_EMPTY;
  board.words[record + ID] = 0;
  board.words[record + SPINNING] = 0;
}

/** The policy's queue, from the states of the threads. */
function rebuild(board: Board): void {
  const { words } = board;
  board.queue.fill(0);
  words[READY] = 0;
  const listed: number[] = [];
  for (let slot = FIRST_SLOT; slot <= board.lastSlot; slot++) if (board.isListed(slot)) listed.push(slot);
  const ticketOf = (slot: number): number => words[board.record(slot) + TICKET]!;
  listed.sort((a, b) => (ticketOf(a) - ticketOf(b)) | 0);
  for (const slot of listed) board.enqueue(slot);
}
