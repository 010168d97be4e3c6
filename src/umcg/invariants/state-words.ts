/**
 * What may become of a state word in one step, and who may do it: I1, I2, I7, I8 and I34 as functions of two words.
 *
 * The edges are T1 to T11 of transitions.ts and, where the profile has them, those of flags, timeouts and exits. User
 * space may lock, unlock and preempt; the kernel takes LOCKED away, keeps every other flag, and never touches user bits.
 */
import {
  UMCG_TASK_BLOCKED,
  UMCG_TASK_IDLE,
  UMCG_TASK_NONE,
  UMCG_TASK_RUNNING,
  UMCG_TF_LISTED,
  UMCG_TF_LOCKED,
  UMCG_TF_PREEMPTED,
  UMCG_TF_STATE_MASK,
} from "../abi.ts";

/** What a profile lets words be. */
export interface WordRules {
  readonly profile: "posted" | "hardened";
  /** Flags a worker's word may have. */
  readonly flags: number;
  /** Those of them that say that a server ought to take notice: 0 where there is no such flag. */
  readonly preempted: number;
  readonly listed: number;
}

export const POSTED_RULES: WordRules = {
  profile: "posted",
  flags: UMCG_TF_LOCKED,
  preempted: 0,
  listed: 0,
};

export const HARDENED_RULES: WordRules = {
  profile: "hardened",
  flags: UMCG_TF_LOCKED | UMCG_TF_PREEMPTED | UMCG_TF_LISTED,
  preempted: UMCG_TF_PREEMPTED,
  listed: UMCG_TF_LISTED,
};

const RESERVED = 0x00ff0000;
const FLAGS = 0xff00;
const USER_BITS = 0xff000000 | 0;

const NAMES = ["NONE", "RUNNING", "IDLE", "BLOCKED"];

export function stateBits(word: number): number {
  return word & UMCG_TF_STATE_MASK;
}

/** RUNNING and not locked: what the invariants about running workers speak of. */
export function runsUnlocked(word: number): boolean {
  return (word & (UMCG_TF_LOCKED | UMCG_TF_STATE_MASK)) === UMCG_TASK_RUNNING;
}

/** A word in words: "IDLE|LOCKED". */
export function wordText(word: number, rules: WordRules): string {
  const parts = [NAMES[stateBits(word)] ?? `state ${stateBits(word)}`];
  if ((word & UMCG_TF_LOCKED) !== 0) parts.push("LOCKED");
  if ((word & rules.preempted) !== 0) parts.push("PREEMPTED");
  if ((word & rules.listed) !== 0) parts.push("LISTED");
  if ((word & USER_BITS) !== 0) parts.push(`user 0x${(word >>> 24).toString(16)}`);
  return `0x${(word >>> 0).toString(16)} (${parts.join("|")})`;
}

/** I1: is this a word that a registered task may have? NONE is not: what becomes of it at the end is an edge. */
function isWord(word: number, worker: boolean, rules: WordRules): boolean {
  const state = stateBits(word);
  if (state !== UMCG_TASK_RUNNING && state !== UMCG_TASK_IDLE && !(worker && state === UMCG_TASK_BLOCKED))
    return false;
  const flags = word & FLAGS;
  if ((word & RESERVED) !== 0 || (flags & ~(worker ? rules.flags : 0)) !== 0) return false;
  return (flags & UMCG_TF_LOCKED) === 0 || (flags & rules.preempted) === 0;
}

/**
 * The number of the invariant that user space breaks by this write, 0 for none. A word that is NONE is user space's again, though the
 * kernel may not have forgotten its record yet: the two are not one step.
 */
export function judgeUserWrite(before: number, after: number, worker: boolean, rules: WordRules): number {
  if (stateBits(before) === UMCG_TASK_NONE) return 0;
  if (!isWord(after, worker, rules)) return 1;
  const from = stateBits(before);
  const to = stateBits(after);
  if (from === to) {
    // P1: a server asks for the CPU of a worker that runs; no other flag but the lock is user space's to set.
    const set = after & ~before & FLAGS;
    const asked = set === rules.preempted && from === UMCG_TASK_RUNNING;
    return set === 0 || set === UMCG_TF_LOCKED || asked ? 0 : 7;
  }
  if (from === UMCG_TASK_RUNNING && to === UMCG_TASK_IDLE) return 0;
  if (from === UMCG_TASK_IDLE && to === UMCG_TASK_RUNNING)
    return (after & (rules.preempted | rules.listed)) === 0 ? 0 : 34;
  return kernelEdge(from, to, worker) ? 7 : 2;
}

/** The same for a write of the kernel. `hasServer`: server_tid of the record names one. */
export function judgeKernelWrite(
  before: number,
  after: number,
  worker: boolean,
  hasServer: boolean,
  rules: WordRules,
): number {
  if (((before ^ after) & USER_BITS) !== 0) return 8;
  const from = stateBits(before);
  const to = stateBits(after);
  if (to === UMCG_TASK_NONE) return rules.profile === "hardened" ? 0 : 2;
  if (!isWord(after, worker, rules)) return 1;
  if ((after & ~before & FLAGS & ~rules.listed) !== 0) return 7;
  // A wait unlocks its caller, which has given up its CPU: there is nothing left to preempt.
  const unlocked = (before & UMCG_TF_LOCKED) === 0 ? 0 : UMCG_TF_LOCKED | rules.preempted;
  if (from === to) return (before & ~after & FLAGS & ~unlocked) === 0 ? 0 : 7;
  if ((before & UMCG_TF_LOCKED) !== 0) return 26;
  if (worker && to === UMCG_TASK_RUNNING) return 7;
  // T10, P2: only without a server, or when asked to.
  if (worker && from === UMCG_TASK_RUNNING && to === UMCG_TASK_IDLE)
    return !hasServer || (before & rules.preempted) !== 0 ? 0 : 7;
  return kernelEdge(from, to, worker) ? 0 : 2;
}

function kernelEdge(from: number, to: number, worker: boolean): boolean {
  if (!worker) return from === UMCG_TASK_IDLE && to === UMCG_TASK_RUNNING;
  return (
    (from === UMCG_TASK_RUNNING && to === UMCG_TASK_BLOCKED) ||
    (from === UMCG_TASK_BLOCKED && to === UMCG_TASK_IDLE)
  );
}
