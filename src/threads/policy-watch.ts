/**
 * Notices a policy that does not come back: it has the scheduler's lock, and so nobody is given a CPU any more.
 *
 * A policy is a user's code, and under the lock nothing can interrupt it. But whoever calls it says so in a word, a number for each
 * call (guarded-policy.ts), and the owner of the runtime looks at it from time to time: the same number, and the same thread
 * with the lock, look after look, is one call that has not returned. Looks are counted and not only time: a machine that
 * was suspended comes back with much time gone and one look made.
 *
 * The owner itself calls the policy, too. What does not come back there stops its event loop, as any loop of its own does: then
 * nobody looks.
 */
import type { Board } from "./board.ts";
import { ThreadError } from "./errors.ts";
import { type PolicyFunction, policyCall } from "./guarded-policy.ts";
import { LOCK } from "./layout.ts";
import { holderOf } from "./sched-lock.ts";

/** As many looks make a policy one that does not come back. */
export const LOOKS = 10;

/** A call of the policy that has been going on since somebody looked. */
export interface LongCall {
  /** The slot of the thread that makes it, and has the lock. */
  readonly slot: number;
  readonly function: PolicyFunction;
  readonly sinceNs: number;
}

export class PolicyWatch {
  readonly #board: Board;
  #number = 0;
  #call: LongCall | undefined;
  #looks = 0;

  constructor(board: Board) {
    this.#board = board;
  }

  /** The call that is going on. */
  see(nowNs: number): LongCall | undefined {
    const { words } = this.#board;
    const { number, function: name } = policyCall(this.#board);
    const slot = holderOf(words[LOCK]!);
    if (name === undefined || slot === 0) this.#call = undefined;
    else if (this.#call?.slot !== slot || this.#number !== number) {
      this.#call = { slot, function: name, sinceNs: nowNs };
      this.#looks = 0;
    }
    this.#number = number;
    return this.#call;
  }

  /** Looks, from time to time: the call that does not come back. */
  look(nowNs: number): LongCall | undefined {
    const call = this.see(nowNs);
    return call !== undefined && this.#looks++ >= LOOKS ? call : undefined;
  }
}

/** What becomes of everybody in a runtime whose policy, called `name`, does not come back. */
export function stuckPolicy(call: LongCall, name: string, thread: number, nowNs: number): ThreadError {
  const ms = Math.round((nowNs - call.sinceNs) / 1e6);
  return new ThreadError(
    "ERR_POLICY",
    `${call.function}() of the policy ${name} has not come back for ${ms} ms: thread ${thread} has the scheduler's lock`,
  );
}
