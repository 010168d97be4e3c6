/**
 * The execution under way: its events, what happens before what, which pairs could have been the other way round, and the
 * digest of its Mazurkiewicz class.
 *
 * Event i has a vector clock: for each actor, one more than the index of its last event that happens before or is event i.
 * Each object remembers the last event that wrote it and, for each actor, the last that read it; these tables change with
 * every event and an undo log takes the changes back, so going back to a branch costs what lies behind it.
 *
 * A *race* is a pair of events of different actors that depend on each other with nothing in between in the order. It is
 * found when its second event is added (`onRace`). Events of the conditional kind are different: the nearest conflicting
 * event is often the one that enabled them (unlock before lock), so they are only noted (`onConditional`) and whoever
 * reverses races looks back for the nearest place where the step is enabled (dpor/reversals.ts).
 *
 * The digest of an event covers its actor, footprint, predecessor and those it conflicts with directly; the digest of the class
 * is the sum over all events. It is the same for all executions of one class and, but for accidents of 53 bits, for no
 * others.
 */

import type { Footprints } from "../interleaving/footprints.ts";
import { STEP_CONDITIONAL } from "../interleaving/system.ts";
import { IntList } from "./int-list.ts";
import { longer, longerBytes } from "./longer.ts";
import { joinLanes, mix, spread } from "./mix.ts";

export class Trace {
  readonly footprints: Footprints;
  /** Events so far. */
  length = 0;
  actor: Int32Array = new Int32Array(64);
  alternative: Int32Array = new Int32Array(64);
  /** Footprint with what turned out. */
  footprint: Int32Array = new Int32Array(64);
  /** Footprint as it was before the step. */
  peeked: Int32Array = new Int32Array(64);
  traits: Uint8Array = new Uint8Array(64);
  /** In how many ways the step could have been made. */
  ways: Int32Array = new Int32Array(64);
  /** What the actor was about to do: `System.stamp`. */
  stamps: Int32Array = new Int32Array(64);
  /** Of systems that are observed, bit n: actor n, below 32, could step before the event. */
  awake: Int32Array = new Int32Array(64);
  /** Entries of a clock. */
  stride: number;
  clocks: Int32Array;
  /** Races found by `push`, as pairs (earlier, later), the latter ascending. Emptied by whoever needs them no more. */
  readonly races: IntList = new IntList();
  /** Events of the conditional kind, ascending. Emptied likewise. */
  readonly conditional: IntList = new IntList();
  /** What events took away from others for good: (event, actor). Emptied likewise. */
  readonly withdrawn: IntList = new IntList();

  /** For each actor, one more than its last event. */
  #last: Int32Array;
  #previous: Int32Array = new Int32Array(64);
  /** For each object: one more than its last write, then one more than each actor's last read. */
  #table: Int32Array;
  readonly #objects: number;
  #undoFrom: Int32Array = new Int32Array(65);
  #undoSlot: Int32Array = new Int32Array(256);
  #undoOld: Int32Array = new Int32Array(256);
  #hashes: Int32Array = new Int32Array(64);
  #sumA: Int32Array = new Int32Array(65);
  #sumB: Int32Array = new Int32Array(65);
  /** Events that the event being added conflicts with. */
  #conflicts: Int32Array = new Int32Array(16);
  #conflictCount = 0;

  constructor(footprints: Footprints, objects: number, actors: number) {
    this.footprints = footprints;
    this.stride = actors;
    this.#objects = objects;
    this.clocks = new Int32Array(64 * actors);
    this.#last = new Int32Array(actors);
    this.#table = new Int32Array(objects * (actors + 1));
  }

  /** Whether event `earlier` is `later` or happens before it. */
  ordered(earlier: number, later: number): boolean {
    return this.clocks[later * this.stride + this.actor[earlier]!]! > earlier;
  }

  /** One more than the index of the last event of `actor`; 0: it has none. */
  lastOf(actor: number): number {
    return actor < this.stride ? this.#last[actor]! : 0;
  }

  /** Whether event `i` happens before the next step of `actor`, whatever that is: through steps it has made. */
  knownTo(actor: number, i: number): boolean {
    const last = this.lastOf(actor);
    return last > 0 && this.ordered(i, last - 1);
  }

  /** One more than the actor's event before event `i`; 0: there is none. */
  previousOf(i: number): number {
    return this.#previous[i]!;
  }

  /** Digest of the class of the execution so far. */
  get signature(): number {
    return joinLanes(this.#sumA[this.length]!, this.#sumB[this.length]!);
  }

  /** Adds the step that `actor` has just made. */
  push(actor: number, alternative: number, peeked: number, footprint: number, traits: number): void {
    if (this.length === this.actor.length) this.#lengthen();
    if (actor >= this.stride) this.#widen(actor + 1);
    const i = this.length++;
    const { stride, clocks } = this;
    this.actor[i] = actor;
    this.alternative[i] = alternative;
    this.footprint[i] = footprint;
    this.peeked[i] = peeked;
    this.traits[i] = traits;
    const previous = this.#last[actor]!;
    this.#previous[i] = previous;
    this.#last[actor] = i + 1;
    const row = i * stride;
    const from = (previous - 1) * stride;
    // The builtins for this are calls, and rows are short.
    for (let p = 0; p < stride; p++) clocks[row + p] = previous === 0 ? 0 : clocks[from + p]!;
    this.#undoFrom[i + 1] = this.#undoFrom[i]!;
    this.#conflictCount = 0;
    let hash = mix(mix(actor, alternative), this.footprints.digest(footprint));
    if (previous !== 0) hash = mix(hash, this.#hashes[previous - 1]!);
    if (footprint >= 0) {
      const orders = footprint >> 1 >= this.footprints.orderingFrom;
      if (orders) this.#touchOrdering(i, footprint);
      else this.#touch(i, actor, footprint);
      hash += this.#order(i, row, orders ? -1 : traits);
    } else if (footprint < -1) {
      hash = this.#pushMany(i, actor, footprint, traits, hash);
    }
    clocks[row + actor] = i + 1;
    hash = spread(hash);
    this.#hashes[i] = hash;
    this.#sumA[i + 1] = (this.#sumA[i]! + hash) | 0;
    this.#sumB[i + 1] = (this.#sumB[i]! + mix(hash, 0x3c6ef372)) | 0;
  }

  /** Forgets what is to be reversed. */
  dropRaces(): void {
    this.races.clear();
    this.conditional.clear();
    this.withdrawn.clear();
  }

  /** Takes events back until `length` are left. */
  truncate(length: number): void {
    const table = this.#table;
    for (let u = this.#undoFrom[this.length]! - 1; u >= this.#undoFrom[length]!; u--) {
      table[this.#undoSlot[u]!] = this.#undoOld[u]!;
    }
    for (let i = this.length - 1; i >= length; i--) this.#last[this.actor[i]!] = this.#previous[i]!;
    this.length = length;
    const { races, conditional, withdrawn } = this;
    while (races.length > 0 && races.at(races.length - 1) >= length) races.length -= 2;
    while (conditional.length > 0 && conditional.at(conditional.length - 1) >= length) conditional.length--;
    while (withdrawn.length > 0 && withdrawn.at(withdrawn.length - 2) >= length) withdrawn.length -= 2;
  }

  /** Accesses to objects that only order come first: what they order is no race on another object. */
  #pushMany(i: number, actor: number, footprint: number, traits: number, hash: number): number {
    const list = this.footprints.list(footprint);
    const row = i * this.stride;
    const ordering = this.footprints.orderingFrom;
    let sum = mix(hash, list.length);
    for (let k = 0; k < list.length; k++) {
      if (list[k]! >> 1 >= ordering) this.#touchOrdering(i, list[k]!);
    }
    sum += this.#order(i, row, -1);
    this.#conflictCount = 0;
    for (let k = 0; k < list.length; k++) {
      if (list[k]! >> 1 < ordering) this.#touch(i, actor, list[k]!);
    }
    return sum + this.#order(i, row, traits);
  }

  /** Notes the events that an access conflicts with, and enters it into the table. */
  #touch(i: number, actor: number, access: number): void {
    const table = this.#table;
    const { stride } = this;
    const slot = (access >> 1) * (stride + 1);
    const written = table[slot]!;
    if ((access & 1) === 0) {
      if (written !== 0) this.#note(written - 1);
      this.#enter(i, slot + 1 + actor);
      return;
    }
    let readers = 0;
    for (let p = 1; p <= stride; p++) {
      const read = table[slot + p]!;
      if (read > written) {
        this.#note(read - 1);
        readers++;
      }
    }
    if (readers === 0 && written !== 0) this.#note(written - 1);
    this.#enter(i, slot);
  }

  /** Who reads comes after the last that wrote; nothing else follows from an object that only orders. */
  #touchOrdering(i: number, access: number): void {
    const slot = (access >> 1) * (this.stride + 1);
    const written = this.#table[slot]!;
    if ((access & 1) !== 0) this.#enter(i, slot);
    else if (written !== 0) this.#note(written - 1);
  }

  #enter(i: number, slot: number): void {
    const at = this.#undoFrom[i + 1]!++;
    if (at === this.#undoSlot.length) {
      this.#undoSlot = longer(this.#undoSlot);
      this.#undoOld = longer(this.#undoOld);
    }
    this.#undoSlot[at] = slot;
    this.#undoOld[at] = this.#table[slot]!;
    this.#table[slot] = i + 1;
  }

  /** Keeps `#conflicts` descending, each event once. */
  #note(event: number): void {
    if (this.#conflictCount === this.#conflicts.length) this.#conflicts = longer(this.#conflicts);
    const list = this.#conflicts;
    let k = this.#conflictCount;
    while (k > 0 && list[k - 1]! < event) k--;
    if (k > 0 && list[k - 1] === event) return;
    for (let m = this.#conflictCount++; m > k; m--) list[m] = list[m - 1]!;
    list[k] = event;
  }

  /** Orders event i after what it conflicts with and notes races. `traits` -1: these conflicts only order. */
  #order(i: number, row: number, traits: number): number {
    const { clocks, stride } = this;
    if (traits > 0 && (traits & STEP_CONDITIONAL) !== 0) this.conditional.push(i);
    const racing = traits >= 0 && (traits & STEP_CONDITIONAL) === 0;
    let sum = 0;
    for (let k = 0; k < this.#conflictCount; k++) {
      const j = this.#conflicts[k]!;
      sum = (sum + this.#hashes[j]!) | 0;
      if (clocks[row + this.actor[j]!]! > j) continue;
      if (racing) {
        this.races.push(j);
        this.races.push(i);
      }
      const from = j * stride;
      for (let p = 0; p < stride; p++)
        if (clocks[from + p]! > clocks[row + p]!) clocks[row + p] = clocks[from + p]!;
    }
    return sum;
  }

  #lengthen(): void {
    this.actor = longer(this.actor);
    this.alternative = longer(this.alternative);
    this.footprint = longer(this.footprint);
    this.peeked = longer(this.peeked);
    this.traits = longerBytes(this.traits);
    this.ways = longer(this.ways);
    this.stamps = longer(this.stamps);
    this.awake = longer(this.awake);
    this.clocks = longer(this.clocks);
    this.#previous = longer(this.#previous);
    this.#hashes = longer(this.#hashes);
    this.#undoFrom = longer(this.#undoFrom);
    this.#sumA = longer(this.#sumA);
    this.#sumB = longer(this.#sumB);
  }

  /** More actors than thought. Tables are laid out anew. */
  #widen(actors: number): void {
    const from = this.stride;
    const clocks = new Int32Array(this.actor.length * actors);
    for (let i = 0; i < this.length; i++)
      clocks.set(this.clocks.subarray(i * from, (i + 1) * from), i * actors);
    const table = new Int32Array(this.#objects * (actors + 1));
    for (let o = 0; o < this.#objects; o++) {
      table.set(this.#table.subarray(o * (from + 1), (o + 1) * (from + 1)), o * (actors + 1));
    }
    const slots = this.#undoFrom[this.length]!;
    for (let u = 0; u < slots; u++) {
      const slot = this.#undoSlot[u]!;
      this.#undoSlot[u] = Math.trunc(slot / (from + 1)) * (actors + 1) + (slot % (from + 1));
    }
    const last = new Int32Array(actors);
    last.set(this.#last);
    this.clocks = clocks;
    this.#table = table;
    this.#last = last;
    this.stride = actors;
  }
}
