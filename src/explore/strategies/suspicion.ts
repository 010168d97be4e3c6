/** Which executions of a search are looked at for spin loops: long ones, each at least twice as long as the one before. */
import { actorOf, alternativeOf, type Schedule } from "../../interleaving/schedule.ts";
import type { System } from "../../interleaving/system.ts";
import { guarded } from "../../watchdog/index.ts";
import { type Strategy, TOO_LONG } from "../strategy.ts";

/** Steps of the shortest execution that is looked at. */
export const SUSPICIOUS = 24;

export class Suspicion {
  readonly #system: System;
  /** Less than whoever guards the exploration has patience. */
  readonly #limitMs: number;
  /** Steps from which on an execution is looked at. */
  from: number;

  /** `stepTimeoutMs`: see ExploreOptions. */
  constructor(system: System, stepTimeoutMs: number, from: number = SUSPICIOUS) {
    this.#system = system;
    this.#limitMs = Math.ceil(stepTimeoutMs / 2);
    this.from = from;
  }

  /** The execution just made, if the system has learned from it; the system is left at the end of it if not, and anywhere if so. */
  lesson(search: Strategy, ended: number): Schedule | undefined {
    const { length } = search;
    if ((ended !== TOO_LONG && length < this.from) || this.#system.learn === undefined) return undefined;
    const schedule = search.schedule();
    if (this.learnsFrom(schedule)) return schedule;
    this.from = 2 * length;
    this.#system.reset();
    for (const made of schedule) this.#system.step(actorOf(made), alternativeOf(made));
    return undefined;
  }

  /** Whether the system has learned something from these steps. It is left anywhere. */
  learnsFrom(schedule: Schedule): boolean {
    // It makes up answers, and with one that nobody gives a body may compute for ever.
    const learn = (): void => {
      learned = this.#system.learn?.(schedule) === true;
    };
    let learned = false;
    guarded(learn, this.#limitMs);
    return learned;
  }
}
