/**
 * The checker of one machine: it sees every write to a word of the protocol, every call and every sleep of a registered
 * task, and holds them to the invariants of docs/invariants.md.
 *
 *     createMachine({ check: true })      // throws ERR_INVARIANT at the step that breaks one
 *
 * Three sources. Writes come from WatchedMemory, with the side that wrote; calls, their results and the sleeps within from
 * CheckedUmcg; kills from the trace. Most predicates are judged at the write or call that could break them, from a few
 * words about each task (party.ts); those about lists as wholes when some hundred writes have gone by and at rest. So a
 * check costs what happens, not how many tasks there are.
 *
 * Rejected: predicates over the trace alone (user space's half of every hand-off leaves no event), and a look at the whole
 * state after each event (a thousand times the cost at a thousand tasks, and what was undone in between is not seen).
 */
import { type Addr, addr, addrFromWord } from "../../atomics/address.ts";
import type { LocalMemory } from "../../atomics/local-memory.ts";
import type { Memory } from "../../atomics/memory.ts";
import { TASK_KILLABLE, TASK_NORMAL } from "../../kernel-sim/constants.ts";
import { MachineError } from "../../kernel-sim/errors.ts";
import type { Kernel } from "../../kernel-sim/kernel.ts";
import { fatalSignalPending } from "../../kernel-sim/signals.ts";
import { TRACE_UMCG_DIE } from "../../trace/events.ts";
import type { TraceSink } from "../../trace/sink.ts";
import { UMCG_TASK_IDLE, UMCG_TASK_RUNNING } from "../abi.ts";
import { dieReason } from "../die-reasons.ts";
import type { Umcg } from "../umcg.ts";
import { CheckedUmcg } from "./checked-umcg.ts";
import { type CheckMode, Findings } from "./findings.ts";
import { ListWatch } from "./list-watch.ts";
import type { Party } from "./party.ts";
import { RestWatch } from "./rest-watch.ts";
import { Roster } from "./roster.ts";
import { StateWatch } from "./state-watch.ts";
import { HARDENED_RULES, POSTED_RULES, runsUnlocked, type WordRules } from "./state-words.ts";
import { WaitWatch } from "./wait-watch.ts";
import { type Side, WatchedMemory, type WriteWatcher } from "./watched-memory.ts";

/** Asleep, but not stopped from outside. */
const ASLEEP: number = TASK_NORMAL | TASK_KILLABLE;
const USER_BITS = 0xff000000 | 0;

/** Writes to words of the protocol between two sweeps, at least; as many more as there are tasks. */
const SWEEP_WRITES = 512;

export class InvariantChecker implements WriteWatcher, TraceSink {
  declare kernel: Kernel;
  declare findings: Findings;
  declare roster: Roster;
  declare waits: WaitWatch;
  declare private states: StateWatch;
  declare private lists: ListWatch;
  declare private rest: RestWatch;
  readonly rules: WordRules;
  readonly #mode: CheckMode;
  #writes = 0;

  constructor(rules: WordRules, mode: CheckMode) {
    this.rules = rules;
    this.#mode = mode;
  }

  /** Memory that tells this checker what was written. */
  readonly wrapMemory = (memory: LocalMemory, side: Side): Memory => new WatchedMemory(memory, side, this);

  /** Begins. Returns the profile for the machine to use. Nothing has been written to memory before this. */
  attach(kernel: Kernel, umcg: Umcg): Umcg {
    this.kernel = kernel;
    this.begin();
    kernel.trace.addSink(this);
    return new CheckedUmcg(umcg, this);
  }

  /** Forgets everybody: the machine begins again. */
  begin(): void {
    const { kernel } = this;
    this.#writes = 0;
    this.roster = new Roster(kernel);
    this.findings = new Findings(kernel, this.roster, this.rules, this.#mode);
    this.lists = new ListWatch(this.roster, this.findings, this.rules, kernel.config.vcpus);
    this.states = new StateWatch(this.roster, this.findings, this.lists, this.rules);
    this.waits = new WaitWatch(kernel, this.roster, this.findings);
    this.rest = new RestWatch(this.roster, this.findings, this.lists, this.rules);
  }

  wrote32(side: Side, a: Addr, before: number, after: number): void {
    if (!this.roster.used) return;
    const { current } = this.kernel;
    const party = this.roster.ofWord(a);
    // It has happened already: a server taken away by this very step is judged before the step of a worker that has none.
    if (party !== undefined && a !== party.state && before !== after) this.states.relinked(party);
    if (side === "user") this.acts(current);
    if (party !== undefined) this.#wrote32(side, party, a, before, after, current);
  }

  wrote64(side: Side, a: Addr, before: bigint, after: bigint): void {
    if (!this.roster.used) return;
    if (side === "user") this.acts(this.kernel.current);
    this.#wrote64(side, a, before, after, this.kernel.current);
  }

  #wrote32(side: Side, party: Party, a: Addr, before: number, after: number, by: number): void {
    if (a === party.state) this.states.wrote(side, party, by, before, after);
    // Behind that: a sweep looks at the words, and at what is known of their tasks.
    this.#count();
  }

  #wrote64(side: Side, a: Addr, before: bigint, after: bigint, by: number): void {
    const { roster, lists } = this;
    const party = roster.ofNode(a);
    if (party !== undefined) lists.wroteNode(side, party, by, before, after);
    else if (roster.isHead(a)) lists.wroteHead(side, a, before, after);
    else return;
    this.#count();
  }

  lost64(side: Side, a: Addr): void {
    if (this.roster.isHead(a)) this.lists.lostTry(side, a, this.roster.of(this.kernel.current));
  }

  /** A store that did not come through the machine's memory: a driver's, on behalf of no task in particular. */
  stored(a: Addr, before: number | bigint, after: number | bigint): void {
    if (typeof before === "bigint") this.#wrote64("user", a, before, BigInt(after), 0);
    else {
      const party = this.roster.ofWord(a);
      if (party === undefined) return;
      if (a !== party.state && before !== after) this.states.relinked(party);
      this.#wrote32("user", party, a, before, Number(after), 0);
    }
  }

  event(_timeNs: number, kind: number, _cpu: number, tid: number, reason: number): void {
    if (kind !== TRACE_UMCG_DIE) return;
    this.findings.fail(40, `killed for: ${dieReason(reason)}`, this.roster.of(tid));
  }

  /** A registered task executes user code. */
  acts(tid: number): void {
    const party = this.roster.of(tid);
    if (party !== undefined) this.states.acts(party, this.kernel.host.now);
  }

  registers(tid: number, record: Addr, worker: boolean): Party | undefined {
    if (this.kernel.tasks.umcgTask(tid) !== 0) return undefined;
    const party = this.roster.enter(tid, addr(record), worker);
    if (party === undefined) return undefined;
    const { shadows } = party;
    if (shadows !== undefined && (shadows.registering || this.roster.isRegistered(shadows)))
      this.findings.breach(36, "registers the record of another task", party, shadows);
    if (this.roster.isHead(party.node) || (worker && this.roster.ofNode(Number(party.head)) !== undefined))
      this.findings.breach(25, "registered with one word for a node and a list head", party);
    if (party.bringsHead && this.roster.long(addrFromWord(party.head)) !== 0n)
      this.findings.breach(18, "registered with a new list that is not empty", party);
    party.registering = true;
    party.parked = worker;
    party.owedPushes = worker ? 1 : 0;
    return party;
  }

  registered(party: Party, result: number, word: number): void {
    party.registering = false;
    party.woken = false;
    const wanted = party.worker ? UMCG_TASK_IDLE : UMCG_TASK_RUNNING;
    if (result !== 0) this.roster.withdraw(party);
    else if (!this.roster.isRegistered(party)) this.leaves(party);
    if (result !== 0 || !this.roster.isRegistered(party)) return;
    party.shadows = undefined;
    this.#pinned(party);
    if (!party.disturbed && (word & ~USER_BITS) !== wanted)
      this.findings.fail(36, `registered with the word 0x${word.toString(16)}`, party);
  }

  leaves(party: Party): void {
    // Its end may have been its last wake event.
    if (this.roster.seekers.delete(party)) this.rest.hasSought(party);
    this.roster.leave(party);
    this.#pinned(party);
  }

  /** I32, where records are pinned: the page of this one is, just as long as somebody is registered with a record in it. */
  #pinned(party: Party): void {
    if (this.rules.profile === "posted") return;
    const pinned = this.kernel.pages.isPinned(party.record);
    if (pinned !== this.roster.hasPage(party.record))
      this.findings.fail(32, `its page is ${pinned ? "still" : "not"} pinned`, party);
  }

  /** The worker of this tid was kicked. */
  kicked(tid: number): void {
    const party = this.roster.of(tid);
    if (party !== undefined && this.states.asked(this.roster.word(party.state)))
      party.kickedNs = Math.min(party.kickedNs, this.kernel.host.now);
  }

  /** A task is about to be descheduled. `where`: in its wait, where it blocked, or behind that in schedule(). */
  descheduled(tid: number, where: "wait" | "block" | "behind"): void {
    const party = this.roster.of(tid);
    if (party === undefined || (this.kernel.tasks.state(tid) & ASLEEP) === 0) return;
    party.asleep = true;
    if (this.roster.seekers.delete(party)) this.rest.hasSought(party);
    if (!party.resuming) party.sleeps++;
    if (where === "block") this.#blocked(party);
    if (where === "behind" && this.rules.profile === "hardened")
      this.findings.fail(31, "it is parked in schedule()", party);
    if (party.owedPushes > 0)
      this.findings.fail(19, "it sleeps after a wake event, and was not listed", party);
    this.rest.workConserved();
  }

  #blocked(party: Party): void {
    if (party.worker && runsUnlocked(this.roster.word(party.state)))
      this.findings.fail(26, "it is descheduled, asleep", party);
    const server = party.owes;
    // A server whose page was taken away is not woken but killed.
    const killed = server !== undefined && fatalSignalPending(this.kernel, server.tid);
    if (server?.runs === party.owesSince && this.roster.isRegistered(server) && !killed)
      this.findings.fail(26, "it is descheduled, and its server was not made RUNNING", party, server);
    party.owes = undefined;
  }

  resumed(tid: number): void {
    const party = this.roster.of(tid);
    if (party !== undefined) party.asleep = false;
  }

  /** Nothing can happen any more, but by the hand of whoever drives the machine. */
  atRest(): void {
    if (this.roster.size > 0) this.rest.atRest();
  }

  /** Looks at the lists as wholes, now. */
  sweep(): void {
    this.rest.sweep();
  }

  #count(): void {
    if (++this.#writes < SWEEP_WRITES + 4 * this.roster.size) return;
    this.#writes = 0;
    this.sweep();
  }
}

/**
 * The checker that a machine's configuration asks for. true: every invariant. "kernel": what the kernel owes to programs
 * that break the contract, and the rest until they do. A function: the former for the tasks for which it says true, the latter
 * for the others. Throws ERR_CONFIG.
 */
export function createChecker(check: unknown, profile: string): InvariantChecker | undefined {
  if (check === false) return undefined;
  const rules = profile === "posted" ? POSTED_RULES : HARDENED_RULES;
  if (check === true) return new InvariantChecker(rules, "strict");
  if (check === "kernel" || typeof check === "function")
    return new InvariantChecker(rules, check as CheckMode);
  throw new MachineError(
    "ERR_CONFIG",
    `check must be true, false, "kernel" or a function, got ${String(check)}`,
  );
}
