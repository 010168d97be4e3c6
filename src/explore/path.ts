/**
 * A system and the trace of its execution, kept together: stepping, and going back to a branch.
 *
 * Going back is beginning again and repeating the choices: generators cannot be copied, and repeating a step costs some
 * 20 ns; unless the system can take its steps back (`System.goBack`). The trace is not computed again, only shortened. What is repeated must be what it was: each step says beforehand what it
 * is (`System.stamp`), and that is compared.
 */
import { NO_ACCESS } from "../interleaving/footprints.ts";
import { type Choice, choice } from "../interleaving/schedule.ts";
import { STEP_WITHDRAWS, type System } from "../interleaving/system.ts";
import { ExploreError } from "./explore-error.ts";
import { differs } from "./nondeterminism.ts";
import { Trace } from "./trace.ts";

/** The execution that a search is in: its steps so far, and how to come back to any of their places. */
export class Path {
  readonly system: System;
  readonly trace: Trace;
  /** Footprints are known when a step has been made, and not before. */
  readonly observes: boolean;
  /** Actors from this number on come from outside (`System.outsideFrom`). */
  readonly outsideFrom: number;
  /** Races are reversed, and something comes from outside. */
  #reverses = false;
  /** Who could step besides the one that does. */
  readonly #others: number[] = [];

  /** `exact`: the strategy needs no footprint of a step that it has not made. */
  constructor(system: System, exact = false) {
    this.system = system;
    this.outsideFrom = system.outsideFrom ?? Number.MAX_SAFE_INTEGER;
    this.observes = exact && system.observe !== undefined;
    if (this.observes) system.observe!();
    this.trace = new Trace(system.footprints, system.objects, system.actors);
  }

  /** Brings the system to the state after the first `length` events. Throws NondeterminismError. */
  rewind(length: number): void {
    this.trace.truncate(length);
    this.repeat(length);
  }

  /** The same, and leaves the trace as it is. */
  repeat(length: number): void {
    const { system } = this;
    const { actor, alternative, stamps } = this.trace;
    const made = system.goBack?.(actor, alternative, length) ?? -1;
    if (made < 0) system.reset();
    for (let i = Math.max(made, 0); i < length; i++) {
      const who = actor[i]!;
      if (!system.isEnabled(who) || system.stamp(who) !== stamps[i]) this.fail(who, i);
      system.step(who, alternative[i]!);
    }
  }

  /** `actor` is not about to do, after the first `length` events, what it was. */
  fail(actor: number, length: number = this.trace.length): never {
    throw differs(this.system, this.schedule().slice(0, length), actor);
  }

  /** Footprint of the next step of an actor, as far as that can be known before. */
  peek(actor: number): number {
    return this.observes ? NO_ACCESS : this.system.footprint(actor);
  }

  /** Lets an actor step where the system is, outside of the execution, and returns what it touched. */
  measure(actor: number, alternative: number): number {
    const { system } = this;
    system.watched = true;
    system.step(actor, alternative);
    system.watched = false;
    return system.completed(NO_ACCESS);
  }

  /** Footprint of a step that could be made next. The system is left where it is. */
  here(actor: number, alternative: number): number {
    if (!this.observes) return this.system.footprint(actor);
    const footprint = this.measure(actor, alternative);
    this.repeat(this.trace.length);
    return footprint;
  }

  /** Lets an actor step, which was enabled here before if it is not now. Returns the step's footprint, which was `peeked` before. */
  step(actor: number, alternative: number, peeked: number): number {
    const { system } = this;
    if (!system.isEnabled(actor)) this.fail(actor);
    const traits = system.traits(actor);
    const stamp = system.stamp(actor);
    if ((traits & STEP_WITHDRAWS) !== 0) this.#noteOthers(actor);
    const ways = system.alternatives(actor);
    if (ways > 1 && this.#reverses) this.#refuseChoice(actor);
    if (this.observes) {
      const awake = this.#awake();
      const touched = this.measure(actor, alternative);
      this.trace.push(actor, alternative, touched, touched, traits);
      this.trace.awake[this.trace.length - 1] = awake;
    } else {
      system.step(actor, alternative);
      this.trace.push(actor, alternative, peeked, system.completed(peeked), traits);
    }
    const event = this.trace.length - 1;
    this.trace.ways[event] = ways;
    this.trace.stamps[event] = stamp;
    if (this.#others.length > 0) this.#noteWithdrawn(event);
    return this.trace.peeked[event]!;
  }

  /** Races of this path are reversed. */
  reverses(): void {
    this.#reverses = this.outsideFrom < this.system.actors;
  }

  /** No system has both: what is chosen behind a race would have to be told from what an outside event has paid for (dpor/outside.ts). */
  #refuseChoice(actor: number): never {
    const { system } = this;
    throw new ExploreError(
      "ERR_UNSUPPORTED",
      `${system.nameOf(actor)} has ${system.alternatives(actor)} ways to make its step, in a system to which something comes from outside: use sleep-sets`,
    );
  }

  #awake(): number {
    const { system } = this;
    const count = system.enabledCount();
    let awake = 0;
    for (let i = 0; i < count; i++) if (system.enabled[i]! < 32) awake |= 1 << system.enabled[i]!;
    return awake;
  }

  #noteWithdrawn(event: number): void {
    const { system } = this;
    const others = this.#others;
    for (let i = 0; i < others.length; i++) {
      if (system.isEnabled(others[i]!)) continue;
      this.trace.withdrawn.push(event);
      this.trace.withdrawn.push(others[i]!);
    }
    others.length = 0;
  }

  #noteOthers(actor: number): void {
    const { system } = this;
    const count = system.enabledCount();
    for (let i = 0; i < count; i++) {
      const other = system.enabled[i]!;
      if (other !== actor) this.#others.push(other);
    }
  }

  schedule(): Choice[] {
    const { actor, alternative, length } = this.trace;
    return Array.from({ length }, (_, i) => choice(actor[i]!, alternative[i]!));
  }
}
