/**
 * A sequence of steps to be taken at some point: what a reversed race asks for, v = notdep(e).e' in the papers.
 *
 * Its *initials* are the actors whose first step in it depends on nothing before it in the sequence: any of them can begin
 * it. *Weak initials* are in addition the actors outside of it whose next step is independent of all of it.
 */

import type { Footprints } from "../../interleaving/footprints.ts";
import { longer } from "../longer.ts";

export class Sequence {
  readonly footprints: Footprints;
  length = 0;
  actor: Int32Array = new Int32Array(64);
  alternative: Int32Array = new Int32Array(64);
  footprint: Int32Array = new Int32Array(64);

  constructor(footprints: Footprints) {
    this.footprints = footprints;
  }

  clear(): void {
    this.length = 0;
  }

  copy(other: Sequence): void {
    this.length = 0;
    for (let i = 0; i < other.length; i++) {
      this.push(other.actor[i]!, other.alternative[i]!, other.footprint[i]!);
    }
  }

  push(actor: number, alternative: number, footprint: number): void {
    const i = this.length++;
    if (i === this.actor.length) {
      this.actor = longer(this.actor);
      this.alternative = longer(this.alternative);
      this.footprint = longer(this.footprint);
    }
    this.actor[i] = actor;
    this.alternative[i] = alternative;
    this.footprint[i] = footprint;
  }

  /** Index of the first step of `actor`, -1: there is none. */
  firstOf(actor: number): number {
    const { length } = this;
    const actors = this.actor;
    for (let i = 0; i < length; i++) if (actors[i] === actor) return i;
    return -1;
  }

  /** Whether step `index`, the first of its actor, depends on nothing before it. */
  isInitial(index: number): boolean {
    return this.isFree(index, 0);
  }

  /** Whether step `index` depends on none of those from `from` on before it. */
  isFree(index: number, from: number): boolean {
    const steps = this.footprint;
    const mine = steps[index]!;
    for (let i = from; i < index; i++) if (this.footprints.dependent(steps[i]!, mine)) return false;
    return true;
  }

  /** Whether a step of an actor outside the sequence is independent of all of it. */
  isIndependent(footprint: number): boolean {
    const { length } = this;
    const steps = this.footprint;
    for (let i = 0; i < length; i++) if (this.footprints.dependent(steps[i]!, footprint)) return false;
    return true;
  }

  /** Whether `actor`, whose next step is `footprint`, made in this way, is a weak initial. */
  isWeakInitial(actor: number, footprint: number, alternative: number): boolean {
    const index = this.firstOf(actor);
    if (index < 0) return this.isIndependent(footprint);
    return this.alternative[index] === alternative && this.isInitial(index);
  }

  /** Step `index` comes to stand at `to`, before those that were there. */
  bringForward(index: number, to: number): void {
    if (index === to) return;
    const [actor, alternative, footprint] = [
      this.actor[index]!,
      this.alternative[index]!,
      this.footprint[index]!,
    ];
    for (const steps of [this.actor, this.alternative, this.footprint]) steps.copyWithin(to + 1, to, index);
    this.actor[to] = actor;
    this.alternative[to] = alternative;
    this.footprint[to] = footprint;
  }

  remove(index: number): void {
    this.actor.copyWithin(index, index + 1, this.length);
    this.alternative.copyWithin(index, index + 1, this.length);
    this.footprint.copyWithin(index, index + 1, this.length);
    this.length--;
  }
}
