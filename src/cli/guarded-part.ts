/**
 * A run of code of the user's that may compute for ever: a policy, a workload. It is driven under a guard (watchdog/). When that has
 * ended a stretch the run is broken; so it is made again, as far, and looked at where it stays. Stretches end by a clock, but what a
 * run asks its `stop` is determined by the run: as often as it asked before, it comes to the same place.
 * If it does not stay there it was this machine that was slow, and the run goes on from there, with twice the patience.
 */
import { RunawayError } from "../explore/runaway.ts";
import { guarded, whereItStays } from "../watchdog/index.ts";
import type { Part } from "./sequence.ts";

/** A stretch ends by itself after a tenth of a second (session.ts). */
const PATIENCE_MS = 10_000;
const MAX_PATIENCE_MS = 1_000_000;
/** The look is at what takes microseconds. */
const MAX_LOOK_MS = 2_000;
/** So often a run may ask on its way past the place: when it goes on it may begin with the question that it was stopped by. */
const BEYOND = 8;

export class GuardedPart<T> implements Part<T> {
  readonly #what: string;
  readonly #begin: () => Part<T>;
  #patienceMs: number;
  #part: Part<T> | undefined;
  /** By stretch that is over: how often it asked whether to stop. */
  #asked: number[] = [];

  /** `what` computes when it does; `begin`: makes the same run each time. */
  constructor(what: string, begin: () => Part<T>, patienceMs: number = PATIENCE_MS) {
    this.#what = what;
    this.#begin = begin;
    this.#patienceMs = patienceMs;
  }

  get progress(): number {
    return this.#part?.progress ?? 0;
  }

  /** Throws RunawayError, and what the run throws. */
  advance(stop: () => boolean): boolean {
    let ended = false;
    let asked = 0;
    const go = (): void => {
      this.#part ??= this.#begin();
      ended = this.#part.advance(() => {
        asked++;
        return stop();
      });
    };
    if (guarded(go, this.#patienceMs)) {
      this.#asked.push(asked);
      return ended;
    }
    return this.#look(asked);
  }

  /** The stretch under way was ended when it had asked so often. Is it at its end? */
  #look(asked: number): boolean {
    let ended = false;
    let again: Part<T> | undefined;
    const looks = [Math.min(2 * this.#patienceMs, MAX_LOOK_MS)];
    const upTo = (count: number): void => {
      let left = count;
      ended = again!.advance(() => left-- <= 1);
    };
    const laidOut = whereItStays(() => {
      again = this.#begin();
    }, looks);
    if (laidOut !== undefined) throw this.#runaway(laidOut.place);
    for (const count of this.#asked) upTo(count);
    if (asked > 0) upTo(asked);
    const stays = whereItStays(() => upTo(BEYOND), looks);
    if (stays !== undefined) throw this.#runaway(stays.place);
    this.#part = again;
    this.#asked.push(...(asked > 0 ? [asked, BEYOND] : [BEYOND]));
    this.#patienceMs = Math.min(2 * this.#patienceMs, MAX_PATIENCE_MS);
    return ended;
  }

  #runaway(place: string | undefined): RunawayError {
    return new RunawayError(this.#what, this.#patienceMs, place);
  }

  result(): T {
    return this.#part!.result();
  }
}
