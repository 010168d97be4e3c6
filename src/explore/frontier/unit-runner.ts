/**
 * Explores units of a search, one after the other, on a system of its own: what a worker does, and what comes of it.
 *
 * What a unit's result says depends on the unit alone, whoever explores it and whenever, but for how much of it was explored before
 * `stop` said so; what remains then is part of the result.
 */
import { formatSchedule, parseSchedule, type Schedule } from "../../interleaving/schedule.ts";
import type { System, Violation, ViolationKind } from "../../interleaving/system.ts";
import { endlessMessage } from "../endless.ts";
import type { Explorable } from "../explorable.ts";
import { STRATEGIES } from "../make-strategy.ts";
import { verify } from "../nondeterminism.ts";
import type { CheckedOptions } from "../options.ts";
import { type Runaway, Watched } from "../runaway.ts";
import { Suspicion } from "../strategies/suspicion.ts";
import {
  COMPLETE,
  LONG,
  NONE,
  PRUNED,
  type Search,
  SLEEP_BLOCKED,
  type Strategy,
  TOO_LONG,
} from "../strategy.ts";
import { attemptsOf, type Counts, noCounts, uncount } from "./counts.ts";
import type { Escape, Level, Unit } from "./level.ts";

/** A violation as it was found. */
export interface Found {
  readonly kind: ViolationKind;
  readonly message: string;
  readonly invariant?: string;
  /** Index of the execution in what found it. */
  readonly execution: number;
  readonly schedule: string;
  /** Of a runaway, which is not made small; see `Finding`. */
  readonly preemptions?: number;
  readonly atFault?: readonly string[];
}

/** What a unit came to. */
export interface UnitResult {
  readonly counts: Counts;
  /** Of the executions, in order. */
  readonly signatures: readonly number[];
  /** The first of each kind and message. */
  readonly found: readonly Found[];
  readonly escapes: readonly Escape[];
  /** In how many ways the last step of the unit can be made. */
  readonly ways: number;
  readonly cutOff: boolean;
  /** Steps from which on executions are looked at, after this. */
  readonly suspicious: number;
  /** What remains; undefined: nothing. */
  readonly rest?: readonly Level[];
  /** The execution, not counted, by which the system has learned of a spin: all that was explored is void. */
  readonly lesson?: string;
}

const NOTHING: UnitResult = {
  counts: noCounts(),
  signatures: [],
  found: [],
  escapes: [],
  ways: 1,
  cutOff: false,
  suspicious: 0,
};

/** What is known so far of what is being explored. */
interface Tally {
  readonly counts: Counts;
  readonly signatures: number[];
  readonly found: Map<string, Found>;
}

interface Work {
  /** Another execution; false: there is none. */
  readonly next: () => boolean;
  readonly result: () => UnitResult;
  /** Of the execution under way. */
  readonly schedule: () => Schedule;
}

/** Explores units, one after the other, for an exploration in parts. */
export class UnitRunner {
  readonly #watched: Watched;
  readonly #options: CheckedOptions;
  /** What the system has learned, by itself or from others. */
  #learned: string[] = [];
  /** Executions, of all units. */
  #made = 0;

  /** Throws RunawayError, and what the program throws while it lays itself out. */
  constructor(explorable: Explorable, options: CheckedOptions) {
    this.#watched = new Watched(explorable, options.stepTimeoutMs);
    this.#options = options;
  }

  /**
   * From now on the system knows what follows from these lessons and nothing else: one that has learned by itself what was of no
   * use to the others would see another tree than they.
   */
  learn(lessons: readonly string[]): void {
    if (this.#learned.some((lesson, i) => lesson !== lessons[i])) {
      this.#watched.renew();
      this.#learned = [];
    }
    for (const lesson of lessons.slice(this.#learned.length)) {
      this.#system.learn?.(parseSchedule(lesson));
      this.#learned.push(lesson);
    }
  }

  /** `stop` is asked after each execution. */
  run(unit: Unit, stop: () => boolean): UnitResult {
    const { stopAtFirst } = this.#options;
    return this.#guarded((tally) => {
      const { counts, signatures, found } = tally;
      const search = this.#make();
      const suspicion = new Suspicion(this.#system, this.#options.stepTimeoutMs, unit.suspicious);
      let [begun, more] = [false, true];
      let lesson: string | undefined;
      // How the execution made last has ended, until it has been looked at for races.
      let unread = NONE;
      const goOn = (): boolean => {
        if (unread !== NONE && search.reverse?.() === false) return !stop();
        unread = NONE;
        more = search.advance();
        return !stop() && attemptsOf(counts) < unit.limit && !(stopAtFirst && found.size > 0);
      };
      // Bounded by the size of the unit, its limit, or `stop`.
      const next = (): boolean => {
        if (unread !== NONE) return goOn() && more;
        if (!begun) more = search.begin(unit);
        begun = true;
        if (!more) return false;
        const ended = search.execute();
        const taught = suspicion.lesson(search, ended);
        if (taught !== undefined) {
          lesson = formatSchedule(taught);
          this.#learned.push(lesson);
          return false;
        }
        const violation = this.#count(search, ended, tally);
        if (violation !== undefined) this.#report(search, violation, attemptsOf(counts) - 1, found);
        if (search.length > LONG && search.reverse !== undefined) unread = ended;
        return goOn();
      };
      const result = (): UnitResult => {
        if (unread !== NONE) takeBack(tally, unread);
        return whole();
      };
      const whole = (): UnitResult => ({
        counts,
        signatures,
        found: [...found.values()],
        ...(more && lesson === undefined ? { rest: search.rest() } : {}),
        escapes: search.escapes,
        ways: search.ways,
        cutOff: search.cutOff === true,
        suspicious: suspicion.from,
        ...(lesson === undefined ? {} : { lesson }),
      });
      return { next, result, schedule: () => search.schedule() };
    });
  }

  /** Makes executions `from` to `to` (exclusive) of a strategy that numbers them. */
  sample(from: number, to: number, stop: () => boolean): UnitResult {
    const entry = STRATEGIES[this.#options.strategy];
    return this.#guarded((tally) => {
      const { counts, found } = tally;
      const sampler = entry.make(this.#system, this.#options);
      if (!("seek" in sampler)) throw new TypeError(`${sampler.name} does not number its executions`);
      let made = from;
      const next = (): boolean => {
        if (made === from) sampler.seek(from);
        const violation = this.#count(sampler, sampler.execute(), tally);
        if (violation !== undefined) this.#report(sampler, violation, made - from, found);
        return ++made < to && !stop() && !(this.#options.stopAtFirst && found.size > 0);
      };
      const result = (): UnitResult => ({ ...NOTHING, counts, found: [...found.values()] });
      return { next, result, schedule: () => sampler.schedule() };
    });
  }

  /** Does what `begin` makes, unless the program computes for ever in it. */
  #guarded(begin: (tally: Tally) => Work): UnitResult {
    for (;;) {
      const tally: Tally = { counts: noCounts(), signatures: [], found: new Map() };
      const work = begin(tally);
      if (this.#watched.goOn(work.next)) return work.result();
      const runaway = this.#watched.overdue(work.schedule());
      if (runaway !== undefined) return runawayResult(tally, runaway);
      this.learn(this.#learned.splice(0));
    }
  }

  get #system(): System {
    return this.#watched.system;
  }

  #make(): Search {
    const entry = STRATEGIES[this.#options.strategy];
    if (entry.samples) throw new TypeError(`${this.#options.strategy} is no search of a tree`);
    return entry.make(this.#system, this.#options);
  }

  #count(search: Strategy, ended: number, { counts, signatures }: Tally): Violation | undefined {
    const system = this.#system;
    if (ended === SLEEP_BLOCKED) counts.blocked++;
    else if (ended === TOO_LONG) {
      counts.tooLong++;
      const message = endlessMessage(this.#system, this.#options.maxSteps);
      return { kind: "step-bound", message, actor: -1 };
    } else if (ended === PRUNED) counts.pruned++;
    else {
      counts.executions++;
      system.finish();
      signatures.push(search.signature);
    }
    if (ended === SLEEP_BLOCKED) return undefined;
    this.#made++;
    if ((this.#made & (this.#made - 1)) === 0) verify(system, search.schedule());
    return system.violations[0];
  }

  #report(search: Strategy, violation: Violation, execution: number, found: Map<string, Found>): void {
    const { kind, message, invariant } = violation;
    const key = `${kind}: ${message}`;
    if (found.has(key)) return;
    const schedule = search.schedule();
    if (kind !== "step-bound") verify(this.#system, schedule);
    found.set(key, {
      kind,
      message,
      ...(invariant === undefined ? {} : { invariant }),
      execution,
      schedule: formatSchedule(schedule),
    });
  }
}

/** The execution counted last will be made again. */
function takeBack({ counts, signatures }: Tally, ended: number): void {
  uncount(counts, ended);
  if (ended === COMPLETE) signatures.pop();
}

/** Nothing remains: what an exploration finds here is its end. */
function runawayResult({ counts, signatures, found }: Tally, runaway: Runaway): UnitResult {
  const { violation, schedule, preemptions, atFault } = runaway;
  const { kind, message } = violation;
  const execution = attemptsOf(counts);
  const last = { kind, message, execution, schedule: formatSchedule(schedule), preemptions, atFault };
  return { ...NOTHING, counts, signatures, found: [...found.values(), last] };
}
