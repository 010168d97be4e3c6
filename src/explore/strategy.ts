/**
 * What a strategy is: something that makes one execution of a system after the other.
 *
 * A strategy owns the order of the executions and nothing else: violations, limits and reports are `explore()`'s.
 */
import type { Choice } from "../interleaving/schedule.ts";
import type { Escape, Level, Unit } from "./frontier/level.ts";

/** No execution. */
export const NONE = -1;
/** The end was reached: nobody could step. */
export const COMPLETE = 0;
/** Given up because all that is enabled is asleep: an execution of the same class has been made. Never in optimal mode. */
export const SLEEP_BLOCKED = 1;
/** Given up at the bound on steps. */
export const TOO_LONG = 2;
/** The end was reached after an iteration was given up (`cut`): others cover it. */
export const PRUNED = 4;

/** Executions longer than this are looked at in parts, by `reverse`. */
export const LONG = 256;
/** Events that are looked at in one part: a millisecond of bare mode, half a second of the kernel. */
export const PART = 20_000;

/** Given up, and all that went before is void: the system has learned of a spin loop, and the search begins anew. */
export const RESTARTED = 5;

/** Which executions are made, one after the other. */
export interface Strategy {
  readonly name: string;
  /** Whether the end of it means that every class of executions has been seen. */
  readonly complete: boolean;
  /** Makes an execution and says how it ended. The system is left at its end. */
  execute(): number;
  /**
   * Of searches that reverse races: does part of what `advance` would have to do first, as long as some milliseconds take. False: there
   * is more. In between a search can say what remains (`rest`): the execution just made is part of that, to be made again.
   */
  reverse?(): boolean;
  /** Goes on to the next. False: there is none left; never so for samplers. The system is left anywhere. */
  advance(): boolean;
  /** Steps of the execution just made, likewise. */
  readonly length: number;
  /** The choices of the execution just made; to be asked before `advance`. */
  schedule(): Choice[];
  /** Digest of its Mazurkiewicz class, likewise. Samplers answer 0 unless they were made to keep track. */
  readonly signature: number;
}

/** A search of a tree, of which a part can be explored on its own. */
export interface Search extends Strategy {
  /** Restricts a search that has not begun to a unit. False: there is nothing to explore, others cover it. */
  begin(unit: Unit): boolean;
  /** After `advance` has said that there is more, or before it: the levels of the unit's own that remain; the last has no step. None: all of them. */
  rest(): Level[];
  /** In how many ways the last step of the unit can be made; 1 if the other ways are branches of their own. */
  readonly ways: number;
  /** What is to be explored elsewhere, since `begin`. */
  readonly escapes: readonly Escape[];
  /** Of bounded searches: something was left out because of the bound. */
  readonly cutOff?: boolean;
  /** Likewise: what may be spent now. */
  readonly bound?: number;
}
