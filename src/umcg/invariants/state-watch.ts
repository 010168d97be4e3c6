/**
 * The state words, write by write: I1 to I5, I7, I8, I26, I27, I34 and I36, and what the other watches know of a task.
 */
import {
  serverTidOf,
  UMCG_TASK_BLOCKED,
  UMCG_TASK_IDLE,
  UMCG_TASK_NONE,
  UMCG_TASK_RUNNING,
  UMCG_TF_LOCKED,
} from "../abi.ts";
import type { Findings } from "./findings.ts";
import type { ListWatch } from "./list-watch.ts";
import type { Party } from "./party.ts";
import type { Roster } from "./roster.ts";
import {
  judgeKernelWrite,
  judgeUserWrite,
  runsUnlocked,
  stateBits,
  type WordRules,
  wordText,
} from "./state-words.ts";
import type { Side } from "./watched-memory.ts";

/** A kicked worker that has the CPU loses it by an interrupt; no interrupt takes as long as this. */
const PREEMPTED_WITHIN_NS = 1_000_000;

export class StateWatch {
  readonly #roster: Roster;
  readonly #findings: Findings;
  readonly #lists: ListWatch;
  readonly #rules: WordRules;

  constructor(roster: Roster, findings: Findings, lists: ListWatch, rules: WordRules) {
    this.#roster = roster;
    this.#findings = findings;
    this.#lists = lists;
    this.#rules = rules;
  }

  /** `current`: whose code wrote; 0 when it was nobody's. */
  wrote(side: Side, party: Party, current: number, before: number, after: number): void {
    const { worker } = party;
    if (!this.#roster.isRegistered(party)) {
      party.disturbed = true;
      if (side === "kernel" && !this.#roster.has(current, party.record))
        this.#findings.fail(36, "the kernel wrote the word of a task that is not registered", party);
      return;
    }
    if (side === "kernel") {
      const n = judgeKernelWrite(before, after, worker, this.#hasServer(party), this.#rules);
      if (n !== 0) this.#findings.fail(n, this.#change(before, after), party);
      if (!party.resuming && current === party.tid) party.kernelWrites++;
    } else if (before !== after) {
      const n = judgeUserWrite(before, after, worker, this.#rules);
      if (n !== 0) this.#findings.breach(n, this.#change(before, after), party);
    }
    if (worker) this.#workerMoved(side, party, current, before, after);
    else this.#serverMoved(side, party, current, before, after);
  }

  #workerMoved(side: Side, party: Party, current: number, before: number, after: number): void {
    const [from, to] = [stateBits(before), stateBits(after)];
    if (to === UMCG_TASK_IDLE && from === UMCG_TASK_RUNNING) party.woken = false;
    if (runsUnlocked(before) && !runsUnlocked(after)) this.#leavesServer(party);
    if (!this.asked(after)) party.kickedNs = Number.POSITIVE_INFINITY;
    if (side === "kernel") this.#kernelMoved(party, before, after);
    else if (to === UMCG_TASK_RUNNING && from !== UMCG_TASK_RUNNING) {
      party.woken ||= current !== party.tid || party.waits || party.parked;
      party.parked = false;
      party.fresh = true;
      if (party.listed) this.#findings.breach(17, "made RUNNING while listed", party);
    }
    if (runsUnlocked(after) && !runsUnlocked(before)) this.#joinsServer(party);
  }

  #kernelMoved(party: Party, before: number, after: number): void {
    const [from, to] = [stateBits(before), stateBits(after)];
    if ((before & ~after & UMCG_TF_LOCKED) !== 0) return;
    if (to === UMCG_TASK_BLOCKED) {
      const server = this.#roster.of(this.#roster.word(serverTidOf(party.record)));
      const asleep = server !== undefined && !server.worker && this.#stateOf(server) === UMCG_TASK_IDLE;
      party.owes = asleep ? server : undefined;
      party.owesSince = server?.runs ?? 0;
    }
    // v0.3 takes a voluntary waiter for one that woke: IDLE to IDLE is an event there, elsewhere only at registration.
    const posted = this.#rules.profile === "posted";
    const event = from !== to || (after & this.#rules.listed) !== 0 || posted || party.registering;
    if (to === UMCG_TASK_RUNNING || to === UMCG_TASK_NONE || !event) return;
    party.parked = true;
    if (to !== UMCG_TASK_IDLE) return;
    party.owedPushes++;
    if (this.asked(before)) party.preemptions++;
  }

  /** server_tid was written. While the worker runs it is as if it had been made RUNNING there. */
  relinked(party: Party): void {
    if (!party.worker || !this.#roster.isRegistered(party)) return;
    if (!runsUnlocked(this.#roster.word(party.state))) return;
    if (this.#roster.word(serverTidOf(party.record)) === 0)
      this.#findings.breach(3, "its server_tid became 0 while it runs", party);
    this.#joinsServer(party);
  }

  #joinsServer(party: Party): void {
    this.#lists.becomesRunning(party);
    const tid = this.#roster.word(serverTidOf(party.record));
    // T10: woken without a server, it is parked again before it reaches user mode.
    if (tid === 0) return;
    const server = this.#roster.of(tid);
    if (server === undefined || server.worker) {
      this.#findings.breach(3, `made RUNNING on task ${tid}, which is no registered server`, party, server);
      return;
    }
    if (this.#stateOf(server) !== UMCG_TASK_IDLE && !server.excused)
      this.#findings.breach(4, "made RUNNING on a server that is not IDLE", party, server);
    if (server.partner !== undefined && server.partner !== party)
      this.#findings.breach(5, "made RUNNING on a server that has another", party, server, server.partner);
    this.#leavesServer(party);
    server.partner = party;
    party.partner = server;
  }

  #leavesServer(party: Party): void {
    if (party.partner?.partner === party) party.partner.partner = undefined;
    party.partner = undefined;
  }

  #serverMoved(side: Side, party: Party, current: number, before: number, after: number): void {
    const [from, to] = [stateBits(before), stateBits(after)];
    if (from === to) return;
    if (to !== UMCG_TASK_RUNNING) {
      party.woken = false;
      party.excused = false;
      return;
    }
    party.runs++;
    party.excused = current === party.tid;
    if (party.excused) return;
    party.woken = true;
    const waker = side === "kernel" ? this.#roster.of(current) : undefined;
    if (waker !== undefined) waker.woke++;
    if (party.partner !== undefined)
      this.#findings.blame(side, 4, "made RUNNING while its worker is", party, party.partner);
  }

  /** Is this the word of a worker that shall give up its CPU? */
  asked(word: number): boolean {
    return runsUnlocked(word) && (word & this.#rules.preempted) !== 0;
  }

  /** User space executes something as `party`. */
  acts(party: Party, nowNs: number): void {
    if (!party.worker) return;
    if (nowNs > party.kickedNs + PREEMPTED_WITHIN_NS)
      this.#findings.fail(33, `it was kicked at ${party.kickedNs}, and goes on`, party);
    if (party.parked) this.#findings.fail(27, "it executes user code", party);
    if (!party.fresh) return;
    party.fresh = false;
    const word = this.#roster.word(party.state);
    const tid = this.#roster.word(serverTidOf(party.record));
    if (!runsUnlocked(word)) return;
    const server = this.#roster.of(tid);
    if (server === undefined || server.worker)
      this.#findings.fail(3, `it executes user code with server_tid ${tid}`, party, server);
  }

  /** v0.3 takes server_tid at its word; later it must name a registered server. */
  #hasServer(party: Party): boolean {
    const tid = this.#roster.word(serverTidOf(party.record));
    if (this.#rules.profile === "posted") return tid !== 0;
    const server = this.#roster.of(tid);
    return server !== undefined && !server.worker;
  }
  #stateOf(party: Party): number {
    return stateBits(this.#roster.word(party.state));
  }
  #change(before: number, after: number): string {
    return `state ${wordText(before, this.#rules)} -> ${wordText(after, this.#rules)}`;
  }
}
