/** What the records say: for reports and errors. Read without the lock, so two lines may be a moment apart. */
import { UMCG_TASK_BLOCKED, UMCG_TASK_IDLE, UMCG_TASK_RUNNING, UMCG_TF_LISTED } from "../umcg/abi.ts";
import type { Board } from "./board.ts";
import type { ThreadState } from "./errors.ts";
import type { PolicyFunction } from "./guarded-policy.ts";
import {
  CHANNEL_WORDS,
  CPU_BUSY,
  CPU_OWNER,
  CPU_SINCE,
  CPU_SWITCHES,
  CPU_TIME,
  FIRST_SLOT,
  ID,
  KICKS,
  LOCK,
  NEXT_TID,
  PHASE,
  PHASE_TAKEN,
  READY,
  READY_TIME,
  REASON,
  RECOVERIES,
  SINCE,
  STATE,
  SWITCHES,
  WAIT_ADDR,
  WAIT_REASONS,
  type WaitReason,
} from "./layout.ts";
import { mutexOf, ownerOfMutex } from "./mutex-words.ts";
import type { LongCall } from "./policy-watch.ts";
import { holderOf } from "./sched-lock.ts";

/** A thread at one moment. */
export interface ThreadReport {
  readonly id: number;
  readonly name: string | undefined;
  readonly state: ThreadState;
  /** Why it is not running, or was not last. */
  readonly wait: WaitReason;
  /** What it waits for, in words; undefined when it does not wait. */
  readonly waitsFor: string | undefined;
  /** How long it has been in its state, ns. */
  readonly sinceNs: number;
  /** CPU time and time it was ready without a CPU, ns, until it came into its state. */
  readonly cpuNs: number;
  readonly readyNs: number;
  readonly switches: number;
  readonly kicks: number;
}

/** A CPU at one moment. */
export interface CpuReport {
  /** The thread that owns it; 0: it idles. */
  readonly owner: number;
  readonly switches: number;
  /** How long it was owned, ns. */
  readonly busyNs: number;
}

/** CPUs and threads at one moment. */
export interface ThreadsReport {
  readonly cpus: readonly CpuReport[];
  readonly threads: readonly ThreadReport[];
  /** Threads that are ready and have no CPU. */
  readonly ready: number;
  /** Times that the records were put right after a death. */
  readonly recoveries: number;
  /** The thread that has the scheduler's lock; 0: none, or the owner of the runtime. */
  readonly lockedBy: number;
  /** The function of the policy that this thread is in, and how long it has been seen there, ns; undefined and 0: in none, or not for long. */
  readonly lockedIn: PolicyFunction | undefined;
  readonly lockedForNs: number;
}

/** The state of a thread by its state word, or by `word` when that is given. */
export function nameOfState(board: Board, slot: number, word?: number): ThreadState {
  const found = word ?? board.words[board.record(slot) + STATE]!;
  const state = found & 0xff;
  if (state === UMCG_TASK_RUNNING) return "running";
  if (state === UMCG_TASK_BLOCKED) return "blocked";
  if (state !== UMCG_TASK_IDLE) return "ended";
  return (found & UMCG_TF_LISTED) !== 0 ? "ready" : "waiting";
}

export function snapshot(
  board: Board,
  nowNs: number,
  nameOf: (id: number) => string | undefined,
  call?: LongCall,
): ThreadsReport {
  const { words, times } = board;
  const idOf = (slot: number): number => (slot === 0 ? 0 : words[board.record(slot) + ID]!);
  const threads: ThreadReport[] = [];
  for (let slot = FIRST_SLOT; slot <= board.lastSlot; slot++)
    if (words[board.record(slot) + PHASE] === PHASE_TAKEN)
      threads.push(threadReport(board, slot, nowNs, nameOf));
  const cpus = Array.from({ length: board.layout.sizes.cpus }, (_, cpu): CpuReport => {
    const at = board.cpuRecord(cpu);
    const owner = words[at + CPU_OWNER]!;
    const running = owner === 0 ? 0 : nowNs - times[(at >> 1) + CPU_SINCE]!;
    return {
      owner: idOf(owner),
      switches: words[at + CPU_SWITCHES]!,
      busyNs: times[(at >> 1) + CPU_BUSY]! + running,
    };
  });
  const holder = holderOf(words[LOCK]!);
  return {
    cpus,
    threads,
    ready: words[READY]!,
    recoveries: words[RECOVERIES]!,
    lockedBy: holder < FIRST_SLOT ? 0 : idOf(holder),
    lockedIn: call?.function,
    lockedForNs: call === undefined ? 0 : nowNs - call.sinceNs,
  };
}

function threadReport(
  board: Board,
  slot: number,
  nowNs: number,
  nameOf: (id: number) => string | undefined,
): ThreadReport {
  const { words, times } = board;
  const record = board.record(slot);
  const half = record >> 1;
  const state = nameOfState(board, slot);
  const id = words[record + ID]!;
  return {
    id,
    name: nameOf(id),
    state,
    wait: WAIT_REASONS[words[record + REASON]!]!,
    waitsFor: state === "waiting" ? waitsFor(board, record) : undefined,
    sinceNs: nowNs - times[half + SINCE]!,
    cpuNs: times[half + CPU_TIME]!,
    readyNs: times[half + READY_TIME]!,
    switches: words[record + SWITCHES]!,
    kicks: words[record + KICKS]!,
  };
}

function waitsFor(board: Board, record: number): string {
  const { words } = board;
  const reason = WAIT_REASONS[words[record + REASON]!]!;
  const word = words[record + WAIT_ADDR]! / 4;
  if (reason === "switchTo" || reason === "call" || reason === "join")
    return `thread ${words[record + NEXT_TID]} (${reason})`;
  const { layout } = board;
  if (reason === "semaphore")
    return `a permit of semaphore ${(word - layout.semaphores) / layout.semaphoreWords}`;
  if (reason === "send" || reason === "receive")
    return `channel ${Math.floor((word - layout.channels) / CHANNEL_WORDS)} (${reason})`;
  if (reason !== "mutex") return word === 0 ? reason : `the word ${word} (${reason})`;
  const owner = ownerOfMutex(board, word);
  return `mutex ${mutexOf(board, word)}, which ${owner === 0 ? "nobody" : `thread ${owner}`} has`;
}

/** One line a thread: what it is doing, and since when. */
export function formatReport(report: ThreadsReport): string[] {
  const { cpus, threads, ready, lockedBy, lockedIn, lockedForNs } = report;
  const owners = cpus.map(({ owner }, cpu) => `CPU ${cpu}: ${owner === 0 ? "idle" : `thread ${owner}`}`);
  const where =
    lockedIn === undefined
      ? ""
      : `, in ${lockedIn}() of the policy, for ${(lockedForNs / 1e6).toFixed(1)} ms`;
  const lock = lockedBy === 0 ? "" : `; thread ${lockedBy} has the scheduler's lock${where}`;
  return [
    `${owners.join(", ")}; ${ready} ready${lock}`,
    ...threads.map(({ id, name, state, waitsFor: what, sinceNs }) => {
      const who = name === undefined ? `thread ${id}` : `thread ${id} "${name}"`;
      const why = what === undefined ? state : `waits for ${what}`;
      return `${who} ${why}, for ${(sinceNs / 1e6).toFixed(1)} ms`;
    }),
  ];
}
