/**
 * What happens when a predicate does not hold.
 *
 * User space can break nearly all of them by writing what it must not. In the mode "strict" that is a finding like any
 * other. In the mode "kernel" it only ends the checks of whatever rests on the contract: programs that break it on purpose
 * are then held to what the kernel owes them all the same. A function says it of each task: those for which it says true are
 * held to everything, and breaches of the others are none of theirs, as long as they have nothing to do with each other.
 */
import { waitReason } from "../../kernel-sim/constants.ts";
import type { Kernel } from "../../kernel-sim/kernel.ts";
import { formatEvent } from "../../trace/format.ts";
import { hex32 } from "../../trace/names.ts";
import { dieReason } from "../die-reasons.ts";
import { InvariantError } from "./catalogue.ts";
import type { Party } from "./party.ts";
import type { Roster } from "./roster.ts";
import { type WordRules, wordText } from "./state-words.ts";
import type { Side } from "./watched-memory.ts";

export type CheckMode = "strict" | "kernel" | ((tid: number) => boolean);

/** Events in a report. */
const LAST_EVENTS = 16;

/** What the kernel owes to programs that break the contract, too. */
const UNCONDITIONAL: readonly number[] = [8, 10, 13, 14, 16, 36, 37];

/**
 * What rests on steps of user space that nobody watches: a wake-up to be issued, a list to be looked at, the links of the idle
 * server list (I4: it may lead to a server that runs a worker).
 */
const NEEDS_CARE: readonly number[] = [4, 9, 28, 29, 40];

export class Findings {
  readonly #kernel: Kernel;
  readonly #roster: Roster;
  readonly #rules: WordRules;
  readonly #mode: CheckMode;
  /** The first finding. It is thrown where it was made, and once more by whoever asks, should a program swallow it. */
  first: InvariantError | undefined;
  /** User space has broken the contract. */
  breached = false;

  constructor(kernel: Kernel, roster: Roster, rules: WordRules, mode: CheckMode) {
    this.#kernel = kernel;
    this.#roster = roster;
    this.#rules = rules;
    this.#mode = mode;
  }

  /** User space broke invariant `n`. */
  breach(n: number, what: string, ...involved: readonly (Party | undefined)[]): void {
    if (this.#strict(involved)) this.#report(n, "user", what, involved);
    this.breached = true;
  }

  /** The kernel broke invariant `n`. */
  fail(n: number, what: string, ...involved: readonly (Party | undefined)[]): void {
    const strict = this.#strict(involved);
    if (!strict && NEEDS_CARE.includes(n)) return;
    if ((!strict || this.#mode === "strict") && this.breached && !UNCONDITIONAL.includes(n)) return;
    this.#report(n, "kernel", what, involved);
  }

  /** Are all who are involved, if that is anybody, expected to keep the contract? */
  #strict(involved: readonly (Party | undefined)[]): boolean {
    if (typeof this.#mode !== "function") return this.#mode === "strict";
    const parties = involved.filter((party) => party !== undefined);
    return parties.length > 0 && parties.every(({ tid }) => (this.#mode as (tid: number) => boolean)(tid));
  }

  /** Whoever wrote. */
  blame(side: Side, n: number, what: string, ...involved: readonly (Party | undefined)[]): void {
    if (side === "user") this.breach(n, what, ...involved);
    else this.fail(n, what, ...involved);
  }

  throwFirst(): void {
    if (this.first !== undefined) throw this.first;
  }

  #report(n: number, by: "user" | "kernel", what: string, involved: readonly (Party | undefined)[]): void {
    const { trace, names, host } = this.#kernel;
    const parties = involved.filter((party) => party !== undefined);
    const error = new InvariantError(n, by, [
      `${what}, at ${host.now} ns`,
      ...parties.map((party) => this.#describe(party)),
      "last events:",
      ...trace.last(LAST_EVENTS).map(
        (event) =>
          `  ${formatEvent(event, {
            taskName: (tid) => names.of(tid),
            umcgWord: (word) => wordText(word, this.#rules),
            waitReason,
            dieReason,
          })}`,
      ),
    ]);
    this.first ??= error;
    throw error;
  }

  #describe(party: Party): string {
    const roster = this.#roster;
    const kind = party.worker ? "worker" : "server";
    const fields = party.fields.map(([name, at, bytes]) => {
      const value = bytes === 4 ? roster.word(at) : Number(roster.long(at));
      return `${name} ${hex32(value)}`;
    });
    const { names } = this.#kernel;
    const state = wordText(roster.word(party.state), this.#rules);
    const where = [
      party.waits ? "in a wait" : "",
      party.asleep ? "asleep" : "",
      party.parked ? "parked" : "",
      party.listed ? "listed" : "",
    ].filter((word) => word !== "");
    return `  ${kind} ${names.of(party.tid)} (tid ${party.tid}) at ${hex32(party.record)}: state ${state}, ${fields.join(", ")}; ${where.join(", ") || "awake"}`;
  }
}
