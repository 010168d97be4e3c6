/**
 * Explores units of a search, one after the other, on a system of its own: what a worker does, and what comes of it.
 *
 * What a unit's result says depends on the unit alone, whoever explores it and whenever, but for how much of it was explored before
 * `stop` said so; what remains then is part of the result.
 */
import { formatSchedule, parseSchedule } from "../../interleaving/schedule.ts";
import type { System, Violation, ViolationKind } from "../../interleaving/system.ts";
import { endlessMessage } from "../endless.ts";
import type { Explorable } from "../explorable.ts";
import { STRATEGIES } from "../make-strategy.ts";
import { verify } from "../nondeterminism.ts";
import type { CheckedOptions } from "../options.ts";
import { Suspicion } from "../strategies/suspicion.ts";
import { PRUNED, type Search, SLEEP_BLOCKED, type Strategy, TOO_LONG } from "../strategy.ts";
import type { Escape, Level, Unit } from "./level.ts";

/** Executions by how they ended. */
export interface Counts {
  executions: number;
  blocked: number;
  pruned: number;
  tooLong: number;
}

export function noCounts(): Counts {
  return { executions: 0, blocked: 0, pruned: 0, tooLong: 0 };
}

export function attemptsOf({ executions, blocked, pruned, tooLong }: Counts): number {
  return executions + blocked + pruned + tooLong;
}

/** A violation as it was found. */
export interface Found {
  readonly kind: ViolationKind;
  readonly message: string;
  readonly invariant?: string;
  /** Index of the execution in what found it. */
  readonly execution: number;
  readonly schedule: string;
}

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

export class UnitRunner {
  readonly #explorable: Explorable;
  readonly #options: CheckedOptions;
  #system: System;
  /** What the system has learned, by itself or from others. */
  #learned: string[] = [];
  /** Executions, of all units. */
  #made = 0;

  /** Throws what the program throws while it lays itself out. */
  constructor(explorable: Explorable, options: CheckedOptions) {
    this.#explorable = explorable;
    this.#system = explorable.makeSystem();
    this.#options = options;
  }

  /**
   * From now on the system knows what follows from these lessons and nothing else: one that has learned by itself what was of no
   * use to the others would see another tree than they.
   */
  learn(lessons: readonly string[]): void {
    if (this.#learned.some((lesson, i) => lesson !== lessons[i])) {
      this.#system = this.#explorable.makeSystem();
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
    const search = this.#make();
    const counts = noCounts();
    const signatures: number[] = [];
    const found = new Map<string, Found>();
    const suspicion = new Suspicion(this.#system, unit.suspicious);
    let more = search.begin(unit);
    let lesson: string | undefined;
    // Bounded by the size of the unit, its limit, or `stop`.
    while (more) {
      const ended = search.execute();
      const taught = suspicion.lesson(search, ended);
      if (taught !== undefined) {
        lesson = formatSchedule(taught);
        this.#learned.push(lesson);
        break;
      }
      const violation = this.#count(search, ended, counts, signatures);
      if (violation !== undefined) this.#report(search, violation, attemptsOf(counts) - 1, found);
      more = search.advance();
      if (stop() || attemptsOf(counts) >= unit.limit || (stopAtFirst && found.size > 0)) break;
    }
    return {
      counts,
      signatures,
      found: [...found.values()],
      ...(more && lesson === undefined ? { rest: search.rest() } : {}),
      escapes: search.escapes,
      ways: search.ways,
      cutOff: search.cutOff === true,
      suspicious: suspicion.from,
      ...(lesson === undefined ? {} : { lesson }),
    };
  }

  /** Makes executions `from` to `to` (exclusive) of a strategy that numbers them. */
  sample(from: number, to: number, stop: () => boolean): UnitResult {
    const entry = STRATEGIES[this.#options.strategy];
    const sampler = entry.make(this.#system, this.#options);
    if (!("seek" in sampler)) throw new TypeError(`${sampler.name} does not number its executions`);
    const counts = noCounts();
    const found = new Map<string, Found>();
    sampler.seek(from);
    for (let made = from; made < to; made++) {
      const violation = this.#count(sampler, sampler.execute(), counts, undefined);
      if (violation !== undefined) this.#report(sampler, violation, made - from, found);
      if (stop() || (this.#options.stopAtFirst && found.size > 0)) break;
    }
    return { ...NOTHING, counts, found: [...found.values()] };
  }

  #make(): Search {
    const entry = STRATEGIES[this.#options.strategy];
    if (entry.samples) throw new TypeError(`${this.#options.strategy} is no search of a tree`);
    return entry.make(this.#system, this.#options);
  }

  #count(
    search: Strategy,
    ended: number,
    counts: Counts,
    signatures: number[] | undefined,
  ): Violation | undefined {
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
      signatures?.push(search.signature);
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
