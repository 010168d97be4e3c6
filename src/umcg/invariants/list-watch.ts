/**
 * The idle worker lists and the nodes of servers, write by write: I17 to I23 and I25.
 *
 * A write to a list head is a push, when the new head is a worker's node that leads to the old head; user space's taking
 * of the whole list, when it is 0; or user space's taking of the first, when it is what the first led to.
 */
import type { Addr } from "../../atomics/address.ts";
import { UMCG_TASK_IDLE, UMCG_TASK_NONE } from "../abi.ts";
import type { Findings } from "./findings.ts";
import type { Party } from "./party.ts";
import type { Roster } from "./roster.ts";
import { stateBits, type WordRules } from "./state-words.ts";
import type { Side } from "./watched-memory.ts";

const DELETED = 1n;

export class ListWatch {
  readonly #roster: Roster;
  readonly #findings: Findings;
  readonly #rules: WordRules;
  readonly #maxTries: number;
  /** Workers that were pushed and not taken, by list head; also those whose task is gone. */
  readonly #listed: Map<number, Set<Party>> = new Map();

  constructor(roster: Roster, findings: Findings, rules: WordRules, vcpus: number) {
    this.#roster = roster;
    this.#findings = findings;
    this.#rules = rules;
    // `hardened` backs off and tries again: contention is no reason to give up there.
    this.#maxTries = rules.profile === "posted" ? 2 * vcpus : Number.POSITIVE_INFINITY;
  }

  /** A worker that was pushed and not taken, if there is one. */
  anyListed(): Party | undefined {
    for (const listed of this.#listed.values()) for (const party of listed) return party;
    return undefined;
  }

  wroteHead(side: Side, head: Addr, before: bigint, after: bigint): void {
    const listed = this.#listedAt(head);
    if (after === 0n) {
      if (side === "kernel") this.#findings.fail(18, `the kernel emptied the list at ${hex(head)}`);
      for (const party of listed) party.listed = false;
      listed.clear();
      return;
    }
    const pushed = this.#roster.ofNode(Number(after));
    const first = this.#roster.ofNode(Number(before));
    if (side === "user" && first?.listed === true && pushed?.listed === true && before !== after) {
      first.listed = false;
      listed.delete(first);
      return;
    }
    if (pushed === undefined || !pushed.worker) {
      this.#findings.blame(side, 18, `the head at ${hex(head)} became ${hex(after)}, which is nobody's node`);
      return;
    }
    this.#pushed(side, pushed, listed);
    const leads = this.#roster.long(pushed.node);
    if (leads !== before)
      this.#findings.blame(side, 18, `the pushed node leads to ${hex(leads)}, not to ${hex(before)}`, pushed);
  }

  #pushed(side: Side, party: Party, listed: Set<Party>): void {
    const twice = party.listed;
    party.listed = true;
    listed.add(party);
    party.pushes++;
    party.lostTries = 0;
    const state = stateBits(this.#roster.word(party.state));
    const dead = state === UMCG_TASK_NONE && this.#rules.profile === "hardened";
    if (side === "kernel") {
      const owed = party.owedPushes > 0;
      party.owedPushes = 0;
      this.#roster.seekers.add(party);
      party.woke = 0;
      if (!owed && !dead) this.#findings.fail(19, "pushed without a wake event", party);
    }
    if (twice) this.#findings.blame(side, 17, "pushed while listed", party);
    if (state !== UMCG_TASK_IDLE && !dead) this.#findings.blame(side, 17, "pushed while not IDLE", party);
  }

  /** A compare-exchange on a list head was lost. `by`: who tried. */
  lostTry(side: Side, head: Addr, by: Party | undefined): void {
    if (side === "user" || by === undefined || by.head !== BigInt(head)) return;
    if (++by.lostTries > this.#maxTries) this.#findings.fail(23, `${by.lostTries} lost tries`, by);
  }

  wroteNode(side: Side, party: Party, current: number, before: bigint, after: bigint): void {
    if (party.worker) this.#wroteWorkerNode(side, party, current, after);
    else if (side === "kernel") {
      const marks = (before & DELETED) === 0n && after === (before | DELETED);
      if (!marks) this.#findings.fail(22, `a server's node went from ${hex(before)} to ${hex(after)}`, party);
    }
  }

  #wroteWorkerNode(side: Side, party: Party, current: number, after: bigint): void {
    if (side === "kernel") {
      if (current !== party.tid)
        this.#findings.fail(21, `the kernel, for task ${current}, wrote a worker's node`, party);
    } else if (party.listed) {
      this.#findings.breach(18, `user space wrote ${hex(after)} to the node of a listed worker`, party);
    } else if (after !== party.head && after !== 0n) this.#repointed(party, after);
  }

  /** The node of a worker that is not listed leads elsewhere than to its list: user space lists it by itself, or moves it. */
  #repointed(party: Party, to: bigint): void {
    const node = this.#roster.ofNode(Number(to)) !== undefined;
    if (node && !party.registering) return;
    if (node || this.#rules.profile === "hardened")
      this.#findings.breach(
        25,
        `its idle_workers_ptr became ${hex(to)}, its list is at ${hex(party.head)}`,
        party,
      );
    else this.#roster.watchHead(party, to);
  }

  /** I25: a worker that becomes RUNNING. */
  becomesRunning(party: Party): void {
    const node = this.#roster.long(party.node);
    if (node === party.head) return;
    const what = `made RUNNING with idle_workers_ptr ${hex(node)}, its list is at ${hex(party.head)}`;
    this.#findings.breach(25, what, party);
  }

  /** I18 and I20: every list is walked and counted. */
  sweep(): void {
    for (const head of this.#roster.heads()) this.#walk(head as Addr, this.#listedAt(head).size);
  }

  #walk(head: Addr, expected: number): void {
    let found = 0;
    let at = this.#roster.long(head);
    // A cycle has more nodes than were pushed.
    for (; at !== 0n && found <= expected; found++) {
      const party = this.#roster.ofNode(Number(at));
      if (party?.listed !== true) break;
      at = this.#roster.long(party.node);
    }
    const where = `the list at ${hex(head)}`;
    if (found > expected) this.#findings.fail(18, `${where} does not end`, this.#roster.ofNode(Number(at)));
    else if (at !== 0n) this.#findings.fail(18, `${hex(at)} is in ${where} and was not pushed`);
    else if (found !== expected)
      this.#findings.fail(20, `${found} workers are in ${where}, ${expected} were pushed`);
  }

  #listedAt(head: number): Set<Party> {
    let listed = this.#listed.get(head);
    if (listed === undefined) {
      listed = new Set();
      this.#listed.set(head, listed);
    }
    return listed;
  }
}

function hex(value: number | bigint): string {
  return `0x${value.toString(16)}`;
}
