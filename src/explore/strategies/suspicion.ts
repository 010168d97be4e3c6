/** Which executions of a search are looked at for spin loops: long ones, each at least twice as long as the one before. */
import { actorOf, alternativeOf, type Schedule } from "../../interleaving/schedule.ts";
import type { System } from "../../interleaving/system.ts";
import { type Strategy, TOO_LONG } from "../strategy.ts";

/** Steps of the shortest execution that is looked at. */
export const SUSPICIOUS = 24;

export class Suspicion {
  readonly #system: System;
  /** Steps from which on an execution is looked at. */
  from: number;

  constructor(system: System, from: number = SUSPICIOUS) {
    this.#system = system;
    this.from = from;
  }

  /** The execution just made, if the system has learned from it; the system is left at the end of it if not, and anywhere if so. */
  lesson(search: Strategy, ended: number): Schedule | undefined {
    const { length } = search;
    if ((ended !== TOO_LONG && length < this.from) || this.#system.learn === undefined) return undefined;
    const schedule = search.schedule();
    if (this.#system.learn(schedule)) return schedule;
    this.from = 2 * length;
    this.#system.reset();
    for (const made of schedule) this.#system.step(actorOf(made), alternativeOf(made));
    return undefined;
  }
}
