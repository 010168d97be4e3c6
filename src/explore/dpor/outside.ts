/**
 * What comes from outside (`System.outsideFrom`: preemptions, spurious wake-ups, signals) in searches that reverse races.
 *
 * Such an event never has to happen, and a kind of them happens so many times in all. So one disables others, also such as could
 * only have come later, and of those no execution shows a race: two loads by two tasks on one CPU with a preemption and a signal have 20
 * classes, of which plain optimal search finds 19. And a search that goes on with an outside event is no substitute
 * for one that goes on otherwise: the former has one event less to spend.
 *
 * So the two kinds are kept apart. At every place
 *
 * 1. all outside events that are enabled and awake are explored, first;
 * 2. beside them there are actors *within*, one at first, if any is awake. When a race (p, e) with p from within is reversed, by a sequence v
 *    that holds all that does not happen after p, then v is covered by an actor from within who is explored at this place and is a
 *    weak initial of it, or by anybody who is explored, asleep or outside and begins what e follows from;
 * 3. when a race (o, f) with o from outside is reversed, the sequence is what f follows from, then f, and no more: whatever else came behind
 *    o may have cost what there was not. Only who occurs in it covers it.
 *
 * Why that is enough. Let E.w be an execution to the end that does not begin with anything explored or asleep at E.
 *
 * - If w holds the step of an outside actor that is enabled at E, let o be the first such. It does not begin w, so there is a first step f of w
 *   that o depends on, u being what w has before it. E.o.u.f costs no more than w. It is behind E.o, so by induction it has been made,
 *   and (o, f) reversed by 3: who begins that begins u.f, and w.
 * - Else take, of those from within who are explored at E, the p that commutes with the longest prefix u of w; let e be the step
 *   after u. p spends nothing, so e can be afforded behind E.p.u; p does not disable it either, or it would have been enabled at E or
 *   become so in u by a step that p depends on (hosts/explore/tick-gates.ts). So that has been made, and (p, e) reversed by 2,
 *   where v holds u and e with nothing else before them: whoever commutes with v commutes with more of w than p, and whoever begins
 *   what e follows from begins w. In this very execution, also if another that has the race was made before: only the latter
 *   cover holds for all of them (Reversals).
 *
 * What an actor from within disables of others from within is left to the rules for conditional and withdrawn steps (reversals.ts).
 *
 * Outside events come first because they never have to happen: when they sleep, they are no hindrance to an execution, but for one in
 * which everybody else is stuck. A sequence asks for its first step only, since 1 holds at each place along it, too. So there are no deep
 * wakeup trees, and executions are given up, as with source sets; and who slept before E covers nothing by commuting: the races of
 * what is behind him are reversed where he was explored.
 *
 * Rejected: that events of a kind conflict on what is left of them, and nothing else (what never happens has no race); a search for
 * each way of dealing the budget out to actors (what happens rarely is explored again in each of them, and the result has to be
 * put together); places in full wherever an outside event is taken (that is nearly everywhere).
 */
import type { SleepSets } from "../sleep-sets.ts";
import type { Sequence } from "./sequence.ts";
import { NIL, type WakeupTrees } from "./wakeup-trees.ts";

/** Whether sequences are explored anyway, in an optimal search of a system to which something comes from outside. */
export class OutsideCover {
  readonly #sleep: SleepSets;
  readonly #trees: WakeupTrees;
  readonly #from: number;

  /** `from`: the first actor from outside. */
  constructor(sleep: SleepSets, trees: WakeupTrees, from: number) {
    this.#sleep = sleep;
    this.#trees = trees;
    this.#from = from;
  }

  /**
   * Is there somebody at `at` who stands for the sequence, of which the first `needed` steps are the reversed event and what it follows
   * from? If not, one of those who can begin these is put at its head. `strict`: see `Reversals`.
   */
  covers(at: number, sequence: Sequence, needed: number, strict: boolean): boolean {
    let candidate = -1;
    for (let i = 0; i < needed; i++) {
      const actor = sequence.actor[i]!;
      if (sequence.firstOf(actor) !== i || !sequence.isInitial(i)) continue;
      if (actor >= this.#from || this.#sleep.has(at, actor, sequence.alternative[i]!)) return true;
      if (candidate < 0) candidate = i;
    }
    if (this.#coversHere(at, sequence, strict)) return true;
    sequence.bringForward(candidate, 0);
    return false;
  }

  /** Of those from within who were explored at `at` itself or are to be: who commutes with all of it stands for it, too. */
  #coversHere(at: number, sequence: Sequence, strict: boolean): boolean {
    const sleep = this.#sleep;
    const trees = this.#trees;
    for (let i = sleep.addedFrom(at); i < sleep.to(at); i++) {
      const [actor, way] = [sleep.actorAt(i), sleep.alternativeAt(i)];
      if (this.#stands(sequence, actor, way, strict ? NEVER : sleep.stepAt(i))) return true;
    }
    for (let node = trees.first(at); node !== NIL; node = trees.sibling[node]!) {
      const touched = strict ? NEVER : trees.footprint[node]!;
      if (this.#stands(sequence, trees.actor[node]!, trees.alternative[node]!, touched)) return true;
    }
    return false;
  }

  /** `touched` NEVER: only if it occurs. */
  #stands(sequence: Sequence, actor: number, way: number, touched: number): boolean {
    if (actor >= this.#from || (touched === NEVER && sequence.firstOf(actor) < 0)) return false;
    return sequence.isWeakInitial(actor, touched, way);
  }

  /** The same before it is known what the reversed event, a step of `actor`, touches behind `steps`. */
  coversAnyway(at: number, steps: Sequence, needed: number, actor: number): boolean {
    const sleep = this.#sleep;
    for (let i = sleep.from(at); i < sleep.to(at); i++) {
      const other = sleep.actorAt(i);
      const index = steps.firstOf(other);
      if (index < 0) {
        // The reversed step itself sleeps, and is the same behind steps that it does not depend on.
        if (other === actor && steps.isIndependent(sleep.stepAt(i))) return true;
      } else if (index < needed || (other < this.#from && i >= sleep.addedFrom(at))) {
        if (steps.alternative[index] === sleep.alternativeAt(i) && steps.isInitial(index)) return true;
      }
    }
    return false;
  }
}

/** No footprint. */
const NEVER: number = Number.MIN_SAFE_INTEGER;
