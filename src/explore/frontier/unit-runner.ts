/**
 * Explores units of a search, one after the other, on a system of its own: what a worker does, and what comes of it.
 *
 * What a unit's result says depends on the unit alone, whoever explores it and whenever, but for how much of it was explored before
 * `stop` said so; what remains then is part of the result.
 */
import { formatSchedule, parseSchedule } from "../../interleaving/schedule.ts";
import type { System, Violation, ViolationKind } from "../../interleaving/system.ts";
import type { Explorable } from "../explorable.ts";
import { STRATEGIES } from "../make-strategy.ts";
import { verify } from "../nondeterminism.ts";
import type { CheckedOptions } from "../options.ts";
import { Suspicion } from "../strategies/suspicion.ts";
import { PRUNED, type Search, SLEEP_BLOCKED, TOO_LONG } from "../strategy.ts";
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

export class UnitRunner {
  readonly #system: System;
  readonly #options: CheckedOptions;
  #lessons = 0;

  /** Throws what the program throws while it lays itself out. */
  constructor(explorable: Explorable, options: CheckedOptions) {
    this.#system = explorable.makeSystem();
    this.#options = options;
  }

  get system(): System {
    return this.#system;
  }

  /** Has the system learn what others have learned: all of it, each time. */
  learn(lessons: readonly string[]): void {
    for (; this.#lessons < lessons.length; this.#lessons++) {
      this.#system.learn?.(parseSchedule(lessons[this.#lessons]!));
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
        this.#lessons++;
        lesson = formatSchedule(taught);
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

  #make(): Search {
    const entry = STRATEGIES[this.#options.strategy];
    if (entry.samples) throw new TypeError(`${this.#options.strategy} is no search of a tree`);
    return entry.make(this.#system, this.#options);
  }

  #count(search: Search, ended: number, counts: Counts, signatures: number[]): Violation | undefined {
    const system = this.#system;
    if (ended === SLEEP_BLOCKED) counts.blocked++;
    else if (ended === TOO_LONG) {
      counts.tooLong++;
      const message = `an execution did not end within ${this.#options.maxSteps} steps`;
      return { kind: "step-bound", message, actor: -1 };
    } else if (ended === PRUNED) counts.pruned++;
    else {
      counts.executions++;
      system.finish();
      signatures.push(search.signature);
    }
    if (ended === SLEEP_BLOCKED) return undefined;
    const attempts = attemptsOf(counts);
    if ((attempts & (attempts - 1)) === 0) verify(system, search.schedule());
    return system.violations[0];
  }

  #report(search: Search, violation: Violation, execution: number, found: Map<string, Found>): void {
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
