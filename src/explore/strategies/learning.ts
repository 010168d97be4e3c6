/**
 * A search that begins anew whenever its system has learned of a spin loop, for which long executions are looked at.
 *
 * What a spinning thread would do is then known, and it is disabled while it would spin. Executions made before that are of a system in
 * which it was not, so they do not count.
 */
import { type Choice, formatSchedule, type Schedule } from "../../interleaving/schedule.ts";
import type { System } from "../../interleaving/system.ts";
import type { Level } from "../frontier/level.ts";
import { type SavedTwig, treeOf } from "../frontier/saved-tree.ts";
import type { SavedSearch } from "../frontier/tree-exploration.ts";
import { RESTARTED, type Search, type Strategy } from "../strategy.ts";
import { Suspicion } from "./suspicion.ts";

export class Learning implements Strategy {
  readonly #make: () => Search;
  readonly #suspicion: Suspicion;
  #search: Search;
  #again = false;
  #begun = false;
  /** The executions that the system has learned from, in order: whoever shows them to another system teaches it the same. */
  readonly #lessons: Schedule[] = [];

  /** `stepTimeoutMs`: see ExploreOptions. */
  constructor(system: System, make: () => Search, stepTimeoutMs: number) {
    this.#make = make;
    this.#suspicion = new Suspicion(system, stepTimeoutMs);
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
    this.#begun = true;
    const ended = this.#search.execute();
    const lesson = this.#suspicion.lesson(this.#search, ended);
    if (lesson === undefined) return ended;
    this.#lessons.push(lesson);
    this.#again = true;
    return RESTARTED;
  }

  reverse(): boolean {
    return this.#again || this.#search.reverse?.() !== false;
  }

  advance(): boolean {
    if (!this.#again) return this.#search.advance();
    this.#again = false;
    this.#begun = false;
    this.#search = this.#make();
    return true;
  }

  /** What is left, after `advance` has said that there is more, or before it; none: all of it. */
  levels(): Level[] {
    return this.#begun ? this.#search.rest() : [];
  }

  /** The same as a tree; `exhausted`: `advance` has said that there is nothing. */
  save(exhausted: boolean): Omit<SavedSearch, "counts" | "signatures" | "findings"> {
    const whole: SavedTwig = { step: 0, touches: [] };
    const levels = exhausted ? [] : this.levels();
    const over = { ...whole, over: true as const };
    return {
      tree: exhausted ? over : levels.length > 0 ? treeOf(levels) : whole,
      bound: this.#search.bound ?? 0,
      cutOff: this.#search.cutOff === true,
      lessons: this.#lessons.map(formatSchedule),
      suspicious: this.#suspicion.from,
    };
  }

  schedule(): Choice[] {
    return this.#search.schedule();
  }
}
