/**
 * A system and the trace of its execution, kept together: stepping, and going back to a branch.
 *
 * Going back is beginning again and repeating the choices: generators cannot be copied, and repeating a step costs some
 * 20 ns. The trace is not computed again, only shortened. What is repeated must be what it was: each step says beforehand what it
 * is (`System.stamp`), and that is compared.
 */
import { type Choice, choice } from "../interleaving/schedule.ts";
import { STEP_WITHDRAWS, type System } from "../interleaving/system.ts";
import { differs } from "./nondeterminism.ts";
import { Trace } from "./trace.ts";

export class Path {
  readonly system: System;
  readonly trace: Trace;
  /** Who could step besides the one that does. */
  readonly #others: number[] = [];

  constructor(system: System) {
    this.system = system;
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
    system.reset();
    for (let i = 0; i < length; i++) {
      const who = actor[i]!;
      if (!system.isEnabled(who) || system.stamp(who) !== stamps[i]) this.fail(who, i);
      system.step(who, alternative[i]!);
    }
  }

  /** `actor` is not about to do, after the first `length` events, what it was. */
  fail(actor: number, length: number = this.trace.length): never {
    throw differs(this.system, this.schedule().slice(0, length), actor);
  }

  /** Lets an actor step, which was enabled here before if it is not now, and whose footprint is `peeked`. */
  step(actor: number, alternative: number, peeked: number): void {
    const { system } = this;
    if (!system.isEnabled(actor)) this.fail(actor);
    const traits = system.traits(actor);
    const stamp = system.stamp(actor);
    if ((traits & STEP_WITHDRAWS) !== 0) this.#noteOthers(actor);
    const ways = system.alternatives(actor);
    system.step(actor, alternative);
    this.trace.push(actor, alternative, peeked, system.completed(peeked), traits);
    this.trace.ways[this.trace.length - 1] = ways;
    this.trace.stamps[this.trace.length - 1] = stamp;
    const others = this.#others;
    if (others.length === 0) return;
    for (let i = 0; i < others.length; i++) {
      if (system.isEnabled(others[i]!)) continue;
      this.trace.withdrawn.push(this.trace.length - 1, others[i]!);
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
