/** A slot with a Worker that waits becomes a thread. By who has the lock. */
import type { MessagePort } from "node:worker_threads";
import { UMCG_API_VERSION } from "../umcg/abi.ts";
import type { Board } from "./board.ts";
import type { Job } from "./jobs.ts";
import {
  API_VERSION,
  CALLER,
  CANCEL,
  CPU_TIME,
  FIRST_SLOT,
  ID,
  JOB,
  KICKS,
  LAST_CPU,
  NEXT_TID,
  OWNER,
  PERMIT,
  PHASE,
  PHASE_FREE,
  PHASE_TAKEN,
  PRIORITY,
  READY_TIME,
  REASON,
  SERVER_TID,
  SWITCHES,
  WAIT_START,
} from "./layout.ts";
import type { ToThread } from "./messages.ts";
import { putArguments } from "./values.ts";

/** A slot whose Worker waits; 0: none does. */
export function freeSlot(board: Board): number {
  for (let slot = FIRST_SLOT; slot <= board.lastSlot; slot++)
    if (board.words[board.record(slot) + PHASE] === PHASE_FREE) return slot;
  return 0;
}

/** Thread `job` begins on `slot`: it is ready. `port`: to the slot's Worker. */
export function assign(board: Board, slot: number, job: Job, port: MessagePort, nowNs: number): void {
  const values = job.spec.args ?? [];
  if (!putArguments(board, board.record(slot), values))
    port.postMessage({ kind: "arguments", thread: job.id, values } satisfies ToThread);
  const { id, code, spec } = job;
  occupy(board, slot, { id, code, priority: spec.priority ?? 0, caller: OWNER }, nowNs);
}

/** What a slot is to be. */
export interface Occupant {
  readonly id: number;
  readonly code: number;
  readonly priority: number;
  /** The slot that collects its result. */
  readonly caller: number;
}

/** A slot whose arguments are there becomes a thread, which is ready. */
export function occupy(
  board: Board,
  slot: number,
  { id, code, priority, caller }: Occupant,
  nowNs: number,
): void {
  const { words, times } = board;
  const record = board.record(slot);
  words[record + API_VERSION] = UMCG_API_VERSION;
  words[record + ID] = id;
  words[record + JOB] = code;
  words[record + CALLER] = caller;
  words[record + PRIORITY] = priority;
  words[record + LAST_CPU] = -1;
  words[record + REASON] = WAIT_START;
  for (const word of [CANCEL, NEXT_TID, PERMIT, SERVER_TID, SWITCHES, KICKS]) words[record + word] = 0;
  times[(record >> 1) + CPU_TIME] = 0;
  times[(record >> 1) + READY_TIME] = 0;
  // Last: who dies before it has made a thread of the slot has not begun one (recover.ts).
  words[record + PHASE] = PHASE_TAKEN;
  board.ready(slot, nowNs);
}
