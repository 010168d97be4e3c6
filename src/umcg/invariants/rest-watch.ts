/** What must hold of all tasks together: at the moments at which one falls asleep, now and then, and when nothing moves. */
import { UMCG_TASK_IDLE, UMCG_TASK_RUNNING } from "../abi.ts";
import type { Findings } from "./findings.ts";
import type { ListWatch } from "./list-watch.ts";
import type { Party } from "./party.ts";
import type { Roster } from "./roster.ts";
import { runsUnlocked, stateBits, type WordRules } from "./state-words.ts";

export class RestWatch {
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

  /**
   * I28: a worker waits in the list, every server sleeps, and one of them said that it had nothing to do. Whoever
   * is still on the way to wake one is not asleep: a server that was woken is RUNNING, a worker that was pushed `seeks`.
   */
  workConserved(): void {
    const waiting = this.#lists.anyListed();
    if (waiting === undefined) return;
    if (this.#roster.seekers.size > 0) return;
    for (const server of this.#roster.servers()) if (!this.#sleeps(server)) return;
    for (const server of this.#roster.publishedFor(waiting))
      if (this.#roster.of(server.tid) === server)
        this.#findings.fail(28, "all servers sleep, and one of them has nothing to do", waiting, server);
  }

  /**
   * I29: a worker that was pushed has looked for an idle server, and falls asleep. A server that has published itself
   * behind its look finds it in the list; so one that sleeps was there to be found. A preempted worker does not look: its own
   * server does, and is RUNNING.
   */
  hasSought(worker: Party): void {
    const preempted = (this.#roster.word(worker.state) & this.#rules.preempted) !== 0;
    if (worker.woke > 0 || !worker.listed || preempted) return;
    for (const server of this.#roster.publishedFor(worker))
      if (this.#roster.of(server.tid) === server && this.#sleeps(server))
        this.#findings.fail(29, "it was listed and woke nobody, and a server sleeps", worker, server);
  }

  #sleeps(server: Party): boolean {
    return server.waits && server.asleep && this.#stateOf(server) === UMCG_TASK_IDLE;
  }

  /** I6, I18, I20. */
  sweep(): void {
    this.#lists.sweep();
    let servers = 0;
    let running = 0;
    for (const party of this.#roster.parties()) {
      const word = this.#roster.word(party.state);
      if (party.worker) running += party.partner !== undefined && runsUnlocked(word) ? 1 : 0;
      else {
        servers++;
        running += stateBits(word) === UMCG_TASK_RUNNING && !party.excused ? 1 : 0;
      }
    }
    if (running > servers) this.#findings.fail(6, `${running} tasks run on ${servers} servers`);
  }

  /** I9: nothing can happen any more. */
  atRest(): void {
    for (const party of this.#roster.parties()) {
      if (party.waits && party.asleep && runsUnlocked(this.#roster.word(party.state)))
        this.#findings.fail(9, "nothing can happen any more", party);
    }
    this.sweep();
  }

  #stateOf(party: Party): number {
    return stateBits(this.#roster.word(party.state));
  }
}
