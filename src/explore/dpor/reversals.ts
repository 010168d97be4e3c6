/**
 * Reversing the races of an execution: for each, the sequence of steps by which its second event comes before its first.
 *
 * For a race (e, e') the sequence is all that follows e without happening after it, then e'. That is an execution, because none
 * of it needs e. What e' then does may differ from what it did: a compare-exchange that failed succeeds, a lock is not
 * there to be had. So where the step says that its footprint varies or that it is conditional, the system is brought to that very
 * place and asked; a guess too large makes optimal exploration lose executions, a guess too small too.
 *
 * Conditional steps (lock, await): the conflicting event next before them is often the one that enables them and cannot be
 * put off. So all conflicting events are tried from the last to the first, those too that are ordered through others, as
 * long as no place in between was found where the step is enabled. At the end of an execution every blocked step is tried in
 * the same way, as if it were one more event: or deadlocks would be missed.
 *
 * A step that takes another's away for good (a wake-up, the timeout of the one woken) is a race with what it took away.
 * What comes from outside is explored wherever it can happen (outside.ts). So who withdraws or blocks it is no race; and a race whose
 * first event is from outside is reversed by what the second event follows from, and no more.
 * Rules for awaits: Abdulla, Atig, Jonsson, Lang, Ngo, Sagonas, "Awaiting for Godot" (FMCAD 2022), in this more general form.
 */
import { STEP_VARIES } from "../../interleaving/system.ts";
import { IntList } from "../int-list.ts";
import type { Path } from "../path.ts";
import { type Begun, Collected } from "./collected.ts";
import { Sequence } from "./sequence.ts";

/** Called with a place (the steps before `at`) and what is to be explored there. The sequence is the callee's to use up. */
export type Reverse = (at: number, sequence: Sequence) => void;

/** Whether the steps up to `at`, these steps and then any step of `actor` are explored anyway. */
export type Covered = (at: number, steps: Sequence, actor: number) => boolean;

export class Reversals {
  readonly #path: Path;
  readonly #covered: Covered;
  readonly #reverse: Reverse;
  /** Sequences hold what follows the second event too, as wakeup trees want it. */
  toEnd: boolean;
  /** The sequence reported does not hold all that it could: it is covered by a step that occurs in it only. */
  strict = false;
  /** Steps, from the first on, that are the reversed event and what it follows from, or all. */
  needed = 0;
  readonly #sequence: Sequence;
  readonly #collected: Collected;
  /** Blocked actors at the end of the execution, and the footprints of their steps. */
  readonly #blocked: IntList = new IntList();
  #known: Int32Array = new Int32Array(0);
  /** Without it the races of an execution are not looked at again in those that share them. */
  readonly #begun: Begun | undefined;
  /** All of those of the execution made last have been reported. */
  #done = true;
  /** How far `report` is: in each list; and in the events before a conditional step, -1: at their end. */
  #race = 0;
  /** How many of the list of races are kept, to be looked at again. */
  #kept = 0;
  #condition = 0;
  #taken = 0;
  #wait = 0;
  #back = -1;
  /** What it may do now, in events. */
  #work = 0;

  constructor(path: Path, toEnd: boolean, covered: Covered, reverse: Reverse, begun?: Begun) {
    this.#path = path;
    path.reverses();
    this.#begun = begun;
    this.#covered = covered;
    this.toEnd = toEnd;
    this.#reverse = reverse;
    this.#sequence = new Sequence(path.system.footprints);
    this.#collected = new Collected(path);
  }

  /** Looks who is blocked. To be called at the end of an execution, before the system is used for anything else. */
  noteBlocked(): void {
    const { system } = this.#path;
    this.#blocked.clear();
    this.#done = false;
    const end = Math.min(system.actors, this.#path.outsideFrom);
    for (let actor = 0; actor < end; actor++) {
      if (!system.isBlocked(actor)) continue;
      this.#blocked.push(actor);
      this.#blocked.push(system.footprint(actor));
    }
  }

  /**
   * Reports every reversal that the execution gives rise to, or its new events do. The system is left anywhere. `work`: how many events
   * are to be looked at, about, before the rest is left for the next call. False: there is more.
   */
  report(work: number = Number.POSITIVE_INFINITY): boolean {
    if (this.#done) return true;
    const { trace } = this.#path;
    const { races, conditional, withdrawn } = trace;
    const blocked = this.#blocked;
    this.#work = work;
    for (; this.#race < races.length; this.#race += 2) {
      if (this.#work < 0) return false;
      const [earlier, later] = [races.at(this.#race), races.at(this.#race + 1)];
      this.#reverseRace(earlier, later);
      if (this.#isSettled(earlier, later)) continue;
      races.set(this.#kept++, earlier);
      races.set(this.#kept++, later);
    }
    for (; this.#condition < conditional.length; this.#condition++) {
      const event = conditional.at(this.#condition);
      if (!this.#conditional(trace.actor[event]!, trace.peeked[event]!, event)) return false;
    }
    for (; this.#taken < withdrawn.length; this.#taken += 2) {
      if (this.#work < 0) return false;
      this.#withdrawn(withdrawn.at(this.#taken), withdrawn.at(this.#taken + 1));
    }
    for (; this.#wait < blocked.length; this.#wait += 2) {
      if (!this.#conditional(blocked.at(this.#wait), blocked.at(this.#wait + 1), trace.length)) return false;
    }
    races.length = this.#kept;
    this.#race = this.#kept = this.#condition = this.#taken = this.#wait = 0;
    this.#done = true;
    if (this.#begun === undefined) trace.dropRaces();
    blocked.clear();
    return true;
  }

  #reverseRace(earlier: number, later: number): void {
    const { trace } = this.#path;
    const actor = trace.actor[later]!;
    this.#collect(earlier, later);
    if (this.#isOutside(earlier)) this.#collected.keepBefore(later);
    else if (this.#path.outsideFrom < Number.MAX_SAFE_INTEGER) this.#collected.putBefore(later);
    if (this.#path.observes && this.#isEnabler(earlier, later)) return;
    if ((trace.traits[later]! & STEP_VARIES) !== 0) this.#reverseUnlessCovered(earlier, actor);
    else this.#emit(earlier, actor, trace.alternative[later]!, trace.peeked[later]!);
  }

  /**
   * Need the race, which has been reversed, not be looked at again in executions that share it, whatever comes behind it there? They all
   * have what its later event follows from: if somebody who is explored begins that, he begins them. Who covers the reversal by
   * commuting with all of it need not commute with theirs.
   */
  #isSettled(earlier: number, later: number): boolean {
    const { trace, observes } = this.#path;
    if (this.#begun === undefined) return true;
    if (observes || (trace.traits[later]! & STEP_VARIES) !== 0) return false;
    return this.#collected.isBegun(earlier, later, this.#begun);
  }

  /**
   * Was it the earlier event that enabled the later one, and nothing that was collected could? A step of a system that is observed
   * touches all that decides whether it is enabled.
   */
  #isEnabler(earlier: number, later: number): boolean {
    const { trace, system } = this.#path;
    const actor = trace.actor[later]!;
    if (actor >= 32 || ((trace.awake[earlier]! >>> actor) & 1) === 1) return false;
    const collected = this.#collected.steps;
    for (let i = 0; i < collected.length; i++)
      if (system.footprints.dependent(collected.footprint[i]!, trace.peeked[later]!)) return false;
    return true;
  }

  /** An actor that could have made a step before `event`, which took it away. */
  #withdrawn(event: number, actor: number): void {
    if (actor >= this.#path.outsideFrom) return;
    this.#collect(event, event);
    if (this.#isOutside(event)) this.#collected.clear();
    this.#reverseUnlessCovered(event, actor);
  }

  /** Most reversals are explored already, and that can often be told without asking the system. */
  #reverseUnlessCovered(at: number, actor: number): void {
    this.needed = this.#collected.past;
    if (!this.#covered(at, this.#collected.steps, actor)) this.#reverseVarying(at, actor);
  }

  /** Asks the system what `actor`'s step is after the sequence, and reports each way of making it. Whether it is enabled. */
  #reverseVarying(at: number, actor: number): boolean {
    const { system } = this.#path;
    this.#replay(at);
    if (!system.isEnabled(actor)) return false;
    const ways = system.alternatives(actor);
    if (this.#path.observes) return this.#reverseObserved(at, actor, ways);
    const footprint = system.footprint(actor);
    for (let way = 0; way < ways; way++) this.#emit(at, actor, way, footprint);
    return true;
  }

  /** The same where a step says what it touches by being made: each way of making it in turn. */
  #reverseObserved(at: number, actor: number, ways: number): boolean {
    const { trace, system } = this.#path;
    for (let way = 0; way < ways; way++) {
      if (way > 0) this.#replay(at);
      const footprint = this.#path.measure(actor, way);
      // A blocked actor may have been asked for by something that its step, made here, does not touch.
      if (system.footprints.dependent(footprint, trace.footprint[at]!)) this.#emit(at, actor, way, footprint);
    }
    return true;
  }

  /**
   * Reports what was collected with the reversed step at its end.
   *
   * What is chosen after the race is chosen otherwise in other executions; they share this race with this one, and it may not be looked
   * at again there. So each of these choices is reported in its other ways, without what follows from it and without the choices after
   * it, which will then be free.
   */
  #emit(at: number, actor: number, alternative: number, footprint: number): void {
    const collected = this.#collected;
    const sequence = this.#sequence;
    sequence.copy(collected.steps);
    sequence.push(actor, alternative, footprint);
    this.#settleNeeded();
    this.#reverse(at, sequence);
    const { choices } = collected;
    for (let c = 0; c < choices.length; c++) {
      const chosen = choices.at(c);
      const ways = this.#path.trace.ways[collected.originOf(chosen)]!;
      for (let way = 0; way < ways; way++) {
        if (way === collected.steps.alternative[chosen]) continue;
        collected.copyUpTo(chosen, way, sequence);
        sequence.push(actor, alternative, footprint);
        this.#reverse(at, sequence);
      }
    }
  }

  /** The reversed event is put behind what it follows from, unless it has turned out to follow from more. */
  #settleNeeded(): void {
    const sequence = this.#sequence;
    const { past } = this.#collected;
    const last = sequence.length - 1;
    const free = past < last && sequence.isFree(last, past);
    if (free) sequence.bringForward(last, past);
    this.needed = free ? past + 1 : sequence.length;
  }

  /** A conditional step of `actor` that was taken at `at`, or was not to be had at the end. False: there is more. */
  #conditional(actor: number, footprint: number, at: number): boolean {
    const { trace } = this.#path;
    const { stride, clocks } = trace;
    const last = at < trace.length ? trace.previousOf(at) : trace.lastOf(actor);
    if (this.#back < 0) this.#beginLookingBack(last, at);
    const known = this.#known;
    for (; this.#back >= 0; this.#back--) {
      const i = this.#back;
      if (known[trace.actor[i]!]! > i || !this.#conflicts(trace.footprint[i]!, footprint)) continue;
      if (this.#work < 0) return false;
      this.#collect(i, at);
      if (this.#isOutside(i)) this.#collected.keepBefore(last - 1);
      if (!this.#reverseVarying(i, actor)) continue;
      for (let p = 0; p < stride; p++) known[p] = Math.max(known[p]!, clocks[i * stride + p]!);
    }
    return true;
  }

  /** From `at` on, past all that the actor's `last` event, one more than its index, follows from. */
  #beginLookingBack(last: number, at: number): void {
    const { stride, clocks } = this.#path.trace;
    if (this.#known.length < stride) this.#known = new Int32Array(stride);
    if (last === 0) this.#known.fill(0);
    else this.#known.set(clocks.subarray((last - 1) * stride, last * stride));
    this.#back = at - 1;
    this.#work -= at;
  }

  /** Notes whether an event whose races are reversed comes from outside. */
  #isOutside(event: number): boolean {
    this.strict = !this.toEnd || this.#path.trace.actor[event]! >= this.#path.outsideFrom;
    return this.#path.trace.actor[event]! >= this.#path.outsideFrom;
  }

  /** Whether two steps conflict otherwise than on what only orders. */
  #conflicts(a: number, b: number): boolean {
    const { footprints } = this.#path.system;
    if (!footprints.dependent(a, b)) return false;
    const from = footprints.orderingFrom;
    return footprints.accesses(a).some((access) => access >> 1 < from && footprints.dependent(access, b));
  }

  /** What follows `earlier` and does not happen after it, `later` left out. */
  #collect(earlier: number, later: number): void {
    const end = this.toEnd ? this.#path.trace.length : later;
    this.#work -= this.#collected.collect(earlier, later, end);
  }

  /** Brings the system to where the events before `at` and the sequence lead. */
  #replay(at: number): void {
    const { system } = this.#path;
    const { steps } = this.#collected;
    this.#path.repeat(at);
    for (let i = 0; i < steps.length; i++) {
      const actor = steps.actor[i]!;
      if (!system.isEnabled(actor)) this.#path.fail(actor, this.#collected.originOf(i));
      system.step(actor, steps.alternative[i]!);
    }
    this.#work -= at;
  }
}
