/**
 * A system and the trace of its execution, kept together: stepping, and going back to a branch.
 *
 * Going back is beginning again and repeating the choices: generators cannot be copied, and repeating a step costs some
 * 20 ns. The trace is not computed again, only shortened.
 */
import { type Choice, choice } from "../interleaving/schedule.ts";
import { STEP_WITHDRAWS, type System } from "../interleaving/system.ts";
import { Trace } from "./trace.ts";

/** A program did something else when the same choices were made again. */
export class NondeterminismError extends Error {
  readonly code = "ERR_NONDETERMINISM";
  constructor(step: number, actor: string, what: string) {
    super(`step ${step} of ${actor} is not what it was under the same choices: ${what}`);
    this.name = "NondeterminismError";
  }
}

export class Path {
  readonly system: System;
  readonly trace: Trace;
  /** Who could step besides the one that does. */
  readonly #others: number[] = [];

  constructor(system: System) {
    this.system = system;
    this.trace = new Trace(system.footprints, system.objects, system.actors);
  }

  /** Brings the system to the state after the first `length` events. */
  rewind(length: number): void {
    const { system, trace } = this;
    trace.truncate(length);
    system.reset();
    const { actor, alternative } = trace;
    for (let i = 0; i < length; i++) {
      if (!system.isEnabled(actor[i]!)) {
        throw new NondeterminismError(i, system.nameOf(actor[i]!), "it is not enabled");
      }
      system.step(actor[i]!, alternative[i]!);
    }
  }

  /** Lets an enabled actor step whose footprint is `peeked`. */
  step(actor: number, alternative: number, peeked: number): void {
    const { system } = this;
    const traits = system.traits(actor);
    if ((traits & STEP_WITHDRAWS) !== 0) this.#noteOthers(actor);
    const ways = system.alternatives(actor);
    system.step(actor, alternative);
    this.trace.push(actor, alternative, peeked, system.completed(peeked), traits);
    this.trace.ways[this.trace.length - 1] = ways;
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
