/**
 * A search that begins anew whenever its system has learned of a spin loop, for which long executions are looked at.
 *
 * What a spinning thread would do is then known, and it is disabled while it would spin. Executions made before that are of a system in
 * which it was not, so they do not count.
 */
import { actorOf, alternativeOf, type Choice } from "../../interleaving/schedule.ts";
import type { System } from "../../interleaving/system.ts";
import { RESTARTED, type Strategy, TOO_LONG } from "../strategy.ts";

/** Steps of the shortest execution that is looked at. */
const SUSPICIOUS = 24;

export class Learning implements Strategy {
  readonly #system: System;
  readonly #make: () => Strategy;
  #search: Strategy;
  #again = false;
  /** Steps from which on an execution is looked at. */
  #suspicious = SUSPICIOUS;

  constructor(system: System, make: () => Strategy) {
    this.#system = system;
    this.#make = make;
    this.#search = make();
  }

  get name(): string {
    return this.#search.name;
  }
  get complete(): boolean {
    return this.#search.complete;
  }
  get signature(): number {
    return this.#search.signature;
  }

  get length(): number {
    return this.#search.length;
  }

  execute(): number {
    const ended = this.#search.execute();
    const { length } = this.#search;
    const isSuspicious = ended === TOO_LONG || length >= this.#suspicious;
    if (!isSuspicious || this.#system.learn === undefined) return ended;
    const schedule = this.#search.schedule();
    this.#again = this.#system.learn(schedule);
    if (this.#again) return RESTARTED;
    this.#suspicious = 2 * length;
    // Looking has moved the system: back to the end of the execution.
    this.#system.reset();
    for (const made of schedule) this.#system.step(actorOf(made), alternativeOf(made));
    return ended;
  }

  advance(): boolean {
    if (!this.#again) return this.#search.advance();
    this.#again = false;
    this.#search = this.#make();
    return true;
  }

  schedule(): Choice[] {
    return this.#search.schedule();
  }
}
