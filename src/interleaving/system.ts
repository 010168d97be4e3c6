/**
 * The seam between what is explored and how: a system is anything made of *actors* that take atomic steps.
 *
 * | implementation            | its actors                                              |
 * |---------------------------|------------------------------------------------------------|
 * | explore/bare/BareSystem   | plain threads over shared words, and their timeouts        |
 * | hosts/explore (kernel)    | vCPUs, timers, interrupts, spurious wake-ups and faults    |
 *
 * A strategy resets a system, asks which actors may step, picks one, lets it step, and so on until none may. All that
 * happened is then the list of picks (schedule.ts). What an implementation promises:
 *
 * 1. **Determined.** After `reset()` the same picks lead to the same state, results, footprints and enabledness. Ids of
 *    actors and objects mean the same thing in every execution. An actor has one id for life.
 * 2. **A step is atomic** and is one access or one primitive. Code before the first step of an actor touches nothing
 *    shared: it runs when the actor comes to be.
 * 3. **Footprints are honest.** If two actors are enabled and `footprint()` of the one is independent of the other's,
 *    the two steps commute: either order leads to the same state, and neither changes the other's footprint, enabledness or
 *    number of alternatives. A step that may enable, disable or change the effect of another writes an object that the other
 *    accesses. Whether two steps depend on each other must not change through steps on *other* objects: a wait whose
 *    value does not match still writes its queue, and so does a notify that finds nobody. Getting this wrong crashes
 *    nothing: executions silently vanish. See docs/explorer.md.
 * 4. **After the fact** `completed(f)` may add accesses to objects that only order (footprints.ts): what a step turned out
 *    to do to actors that could not step before it, or cannot after it.
 *    Or else it says so by `observe`: then footprints are what a step turned out to touch, known when it has been made, and
 *    `completed()` gives all of it. What it touches is determined by what it touches, so it is the same wherever it is
 *    made as long as nothing before it writes any of that.
 * 5. **Cost.** `reset()` costs what the last execution dirtied. `enabledCount`, `footprint`, `traits` and `step` allocate nothing.
 *
 * One actor may have several *alternatives* for its next step (which of the waiters a notify wakes, what a fault is). They are
 * numbered from 0 and share a footprint.
 */
import type { Footprints } from "./footprints.ts";
import type { See } from "./look.ts";
import type { Schedule } from "./schedule.ts";

/** The step is always enabled and its footprint depends on nothing but the actor. */
export const STEP_FIXED = 0;
/** The footprint or the number of alternatives depends on the state: they are asked for again wherever the step is moved to. */
export const STEP_VARIES = 1;
/** The step is enabled in some states only, and those it accesses decide: lock, join, a read that awaits a value. */
export const STEP_CONDITIONAL = 2;
/** The step may take away for good what another actor could do before it: a wake-up, the timeout of the one who is woken. */
export const STEP_WITHDRAWS = 4;

/** The step only lets others run. */
export const STEP_YIELDS = 8;

/** What can go wrong in an execution. */
export type ViolationKind =
  | "assertion"
  | "threw"
  | "deadlock"
  | "livelock"
  | "data-race"
  | "step-bound"
  | "runaway"
  | "foreign-yield"
  | "nondeterminism"
  | "invariant"
  | "leak";

/** Something wrong with one execution. */
export interface Violation {
  readonly kind: ViolationKind;
  /** One line that names the actor and the words. The same violation has the same message in every execution. */
  readonly message: string;
  /** The actor at fault; -1: none in particular. */
  readonly actor: number;
  /** Numbers of the steps at fault, from 0, ascending. */
  readonly steps?: readonly number[];
  /** What a program threw. */
  readonly cause?: unknown;
  /** The coroutine at fault. If it has not ended, it stands where it went wrong. */
  readonly coroutine?: object;
  /** Number of a broken invariant of UMCG (docs/invariants.md). */
  readonly invariant?: string;
}

/** What a strategy drives: actors that can each make a step, or not. */
export interface System {
  /** Of the program and of everything that its behaviour depends on: replays are refused when it differs. */
  readonly fingerprint: string;
  readonly footprints: Footprints;
  /** Objects are numbered below this. */
  readonly objects: number;
  /** Actors are numbered below this. Those that have not come to be yet are not enabled. */
  readonly actors: number;

  /** Begins an execution. */
  reset(): void;

  /**
   * Begins another execution, of whose steps the first `length` are given, by taking back what the one under way has made
   * otherwise. Returns how many of these steps are made already; -1: nothing is done, and `reset()` is the way.
   */
  goBack?(actors: Int32Array, alternatives: Int32Array, length: number): number;

  /** Computes `enabled` and returns how many there are. 0: the execution is at its end. */
  enabledCount(): number;
  /** Ids of the actors that may step, ascending; valid up to the count, until the next step. */
  readonly enabled: Int32Array;
  /** Whether `actor` may step now. */
  isEnabled(actor: number): boolean;
  /** In how many ways `actor`, which is enabled, may step. At least 1. */
  alternatives(actor: number): number;
  /** Accesses of its next step. Also for one that exists and is not enabled. */
  footprint(actor: number): number;
  /** STEP_ flags of its next step. */
  traits(actor: number): number;
  /** Who brought `actor` into being, -1: nobody did. */
  parentOf(actor: number): number;
  /**
   * A digest of what `actor` is about to do, operands included: the same whenever the same choices have led there. Of no use
   * to compare steps of different actors.
   */
  stamp(actor: number): number;
  /** Whether the actor exists, has not ended and has a step that the state does not enable. */
  isBlocked(actor: number): boolean;

  /** Makes the next step of `actor`, which is enabled. */
  step(actor: number, alternative: number): void;
  /** The footprint of the step just made, which was `footprint` before it, with what turned out afterwards. */
  completed(footprint: number): number;

  /**
   * Of systems that can tell what a step touches by watching it: `completed()` is exact from now on for steps that are made
   * while `watched` is true, and `footprint()` covers only what decides whether the actor is enabled. Asked once, before the first execution.
   */
  observe?(): void;
  watched?: boolean;

  /**
   * Of an execution that was cut off for its length: what its actors look at in vain, in words, if nothing changes any more though
   * everybody steps in turn. The system is left anywhere.
   */
  livelock?(): string | undefined;

  /** Looks at an execution whose end was reached (nobody enabled), and adds what is wrong with the end to `violations`. */
  finish(): void;
  /** The execution gave up an iteration without effect: it counts for nothing, others cover it. */
  readonly pruned: boolean;
  /** What went wrong in this execution, in order. Emptied by `reset()`. */
  readonly violations: readonly Violation[];

  /**
   * Looks for spin loops in a long execution. True: some were found whose threads will be disabled from now on while they
   * would spin, so that what was explored before is void. The system is left anywhere.
   */
  learn?(schedule: Schedule): boolean;

  /**
   * Of systems that have learned what their actors do: the next execution is made as the program is written, and compared with
   * that. Throws then, in `step`, NondeterminismError.
   */
  checkNext?(): void;

  /**
   * Actors from this number on come from outside: none of their steps must happen, and all of a kind happen so many times in all, so that
   * one which happens disables others that could have happened later. Who reverses races lets each of them step wherever it can.
   * Undefined: there are none. All steps of a system that has some have one alternative: who reverses races throws ERR_UNSUPPORTED else.
   */
  readonly outsideFrom?: number;

  /** A digest of shared state and results, two 32-bit halves in one safe integer. Equal states have equal digests. */
  stateHash(): number;
  /** Tells what there is to be seen of the state now. */
  look?(see: See): void;

  /** "a", "timeout of a": for reports. */
  nameOf(actor: number): string;
  /** What `actor` is about to do, in words: "store x := 1". */
  describe(actor: number): string;
  /** Where in the text of the program `actor` is when these choices have been made, "file:line:column"; undefined: not known. Slow. */
  placeOf?(schedule: Schedule, actor: number): string | undefined;
}
