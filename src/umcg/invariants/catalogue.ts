/**
 * The invariants by number, in words, and the error that says which one a run has broken.
 *
 * Which of them are looked at where, on which profile, and why some are not, is in docs/invariants.md. Those that are not
 * in this list are for the rewrite alone (I42 to I44), need a word that this ABI has not (I38), are laws over two runs (I12) or
 * about loads (I24), or are the laws of another room (I39, I41): tests have them. I30 is I22 here.
 */
import { MachineError } from "../../kernel-sim/errors.ts";

/** What must hold. W: a worker, S: a server, T: either, K: the kernel. */
export const INVARIANTS: Readonly<Record<number, string>> = {
  1: "a worker is RUNNING, IDLE or BLOCKED, a server RUNNING or IDLE and without flags; reserved bits are 0; LOCKED and PREEMPTED exclude each other",
  2: "each pair of consecutive states is an edge of the state machine",
  3: "a worker that executes user code unlocked is RUNNING and has a registered server",
  4: "the server of a RUNNING unlocked worker is IDLE",
  5: "a server has at most one RUNNING unlocked worker",
  6: "no more tasks execute user code than there are servers and locked workers",
  7: "each transition is made by the side that the state machine names",
  8: "K never changes user bits",
  9: "a task that is RUNNING does not stay asleep in its wait",
  10: "a wait that returns 0 leaves its task RUNNING",
  11: "a wait returns 0 once for each time somebody made its task RUNNING",
  13: "WAKE_ONLY neither changes the caller's word nor puts it to sleep",
  14: "a switch to nobody has no effect",
  15: "a wait is either woken or timed out",
  16: "-ETIMEDOUT is not returned before its time",
  17: "a listed worker is IDLE, and in the list once",
  18: "the idle worker list ends, and holds nothing but workers that were pushed and not taken",
  19: "each wake event of a worker lists it exactly once; a voluntary wait does not",
  20: "as many workers are reachable in the list as were pushed and not taken",
  21: "K writes no worker's node but that of the worker it pushes",
  22: "K does nothing to a server's node but mark it deleted, once for each push",
  23: "K tries a push at most 2 * nr_cpu_ids times",
  25: "a worker's idle_workers_ptr is the list head before it becomes RUNNING",
  26: "a RUNNING unlocked worker is BLOCKED before it sleeps, and its server is RUNNING or was so",
  27: "a worker that K parked executes no user code until somebody made it RUNNING",
  28: "no listed worker waits while every server sleeps and one of them is published idle",
  29: "a listed worker does not wait for a running one while a server is published idle and sleeps",
  31: "K parks a worker on its way to user mode only, never where it blocked",
  32: "the page of a record is pinned while it is registered, and not longer",
  33: "a kicked PREEMPTED worker does not return to user mode",
  34: "a run clears PREEMPTED",
  35: "a worker whose wait timed out was listed once and returns when a server has run it",
  36: "registration starts from the state of its table, and K writes no word of a task that is not registered",
  37: "a call that fails has changed nothing",
  40: "K kills nobody who keeps the contract",
};

/** ERR_INVARIANT: what a checker found. The message has the predicate, the words involved and the last events. */
export class InvariantError extends MachineError {
  /** Its number: 17 for I17. */
  readonly invariant: number;
  /** Who broke it: "user" space by a breach of contract, or the "kernel". */
  readonly by: "user" | "kernel";

  constructor(invariant: number, by: "user" | "kernel", details: readonly string[]) {
    const says = INVARIANTS[invariant] ?? "unknown invariant";
    const who = by === "user" ? "user space" : "the kernel";
    super("ERR_INVARIANT", `I${invariant}, broken by ${who}: ${says}\n${details.join("\n")}`);
    this.name = "InvariantError";
    this.invariant = invariant;
    this.by = by;
  }
}
