/**
 * Who is registered, and which words of memory mean what.
 *
 * A party is entered when its task asks for registration and counts from the moment at which the kernel has its record
 * (`tasks.umcgTask`); words of records whose task is gone are remembered, because nobody of the kernel may write there.
 */
import { type Addr, addrFromWord, PAGE_SHIFT } from "../../atomics/address.ts";
import type { Kernel } from "../../kernel-sim/kernel.ts";
import { idleServersOf, idleWorkersOf, serverTidOf } from "../abi.ts";
import { Party } from "./party.ts";

export class Roster {
  readonly #kernel: Kernel;
  readonly #words: Uint32Array;
  readonly #longs: BigUint64Array;
  readonly #byTid: Map<number, Party> = new Map();
  readonly #servers: Set<Party> = new Set();
  /** Workers that have been pushed and still look for an idle server. */
  readonly seekers: Set<Party> = new Set();
  readonly #byWord: Map<number, Party> = new Map();
  readonly #byNode: Map<number, Party> = new Map();
  /** Who has asked for registration with a record in this page, and has not left. */
  readonly #byPage: Map<number, Set<Party>> = new Map();
  /** How many workers were registered with this list head. */
  readonly #heads: Map<number, number> = new Map();

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#words = new Uint32Array(kernel.buffer);
    this.#longs = new BigUint64Array(kernel.buffer, 0, kernel.buffer.byteLength >>> 3);
  }

  word(a: Addr): number {
    return this.#words[a >>> 2] ?? 0;
  }
  long(a: Addr): bigint {
    return this.#longs[a / 8] ?? 0n;
  }

  /** Has anybody ever registered? Lists outlive those who are in them. */
  get used(): boolean {
    return this.#byWord.size > 0;
  }
  get size(): number {
    return this.#byTid.size;
  }
  /** In the order of registration. */
  parties(): IterableIterator<Party> {
    return this.#byTid.values();
  }
  servers(): IterableIterator<Party> {
    return this.#servers.values();
  }
  heads(): IterableIterator<number> {
    return this.#heads.keys();
  }

  /** The registered task of this tid; undefined when the kernel does not know it (any more). */
  of(tid: number): Party | undefined {
    const party = this.#byTid.get(tid);
    return party !== undefined && this.isRegistered(party) ? party : undefined;
  }
  isRegistered(party: Party): boolean {
    return party.leaving || this.#kernel.tasks.umcgTask(party.tid) === party.record;
  }
  /** Whose state word or server_tid this is. */
  ofWord(a: Addr): Party | undefined {
    return this.#byWord.get(a);
  }
  /** Has the task registered this record? Two tasks may have one, whatever comes of it. */
  has(tid: number, record: Addr): boolean {
    return this.of(tid)?.record === record;
  }
  ofNode(a: number): Party | undefined {
    return this.#byNode.get(a);
  }
  isHead(a: Addr): boolean {
    return this.#heads.has(a);
  }

  /** A task is about to register `record`, an address that may be anything. */
  enter(tid: number, record: Addr, worker: boolean): Party | undefined {
    const sound = record % 8 === 0 && record >= this.#kernel.userBase && record + 64 <= this.#kernel.userEnd;
    if (!sound) return undefined;
    const party = new Party(tid, record, worker);
    this.#byTid.set(tid, party);
    if (!worker) this.#servers.add(party);
    const page = record >>> PAGE_SHIFT;
    const inPage = this.#byPage.get(page);
    if (inPage === undefined) this.#byPage.set(page, new Set([party]));
    else inPage.add(party);
    party.shadows = this.#byWord.get(party.state);
    this.#know(party);
    if (worker) {
      const head = this.long(idleWorkersOf(record));
      party.bringsHead = !this.#heads.has(Number(head));
      this.watchHead(party, head);
    }
    return party;
  }

  /** The kernel has refused to register the task: all is as before. */
  withdraw(party: Party): void {
    this.leave(party);
    const heads = this.#heads.get(Number(party.head)) ?? 0;
    if (party.worker && heads > 1) this.#heads.set(Number(party.head), heads - 1);
    else if (party.worker) this.#heads.delete(Number(party.head));
    if (party.shadows !== undefined) this.#know(party.shadows);
    else if (this.#byWord.get(party.state) === party) {
      this.#byWord.delete(party.state);
      this.#byWord.delete(serverTidOf(party.record));
      this.#byNode.delete(party.node);
    }
  }

  #know(party: Party): void {
    this.#byWord.set(party.state, party);
    this.#byWord.set(serverTidOf(party.record), party);
    this.#byNode.set(party.node, party);
  }

  /** Does the kernel have a record in the page of `a`? */
  hasPage(a: Addr): boolean {
    const { tasks } = this.#kernel;
    for (const { tid, record } of this.#byPage.get(a >>> PAGE_SHIFT) ?? [])
      if (tasks.umcgTask(tid) === record) return true;
    return false;
  }

  watchHead(party: Party, head: bigint): void {
    party.head = head;
    if (head !== 0n) this.#heads.set(Number(head), (this.#heads.get(Number(head)) ?? 0) + 1);
  }

  /** The task is registered no more. Its words stay known. */
  leave(party: Party): void {
    party.leaving = false;
    if (this.#byTid.get(party.tid) === party) this.#byTid.delete(party.tid);
    this.#servers.delete(party);
    this.#byPage.get(party.record >>> PAGE_SHIFT)?.delete(party);
    this.seekers.delete(party);
    if (party.partner?.partner === party) {
      party.partner.partner = undefined;
      // A worker that loses its server in user mode is in order until it comes back from the kernel.
      party.partner.fresh = false;
    }
    party.partner = undefined;
  }

  /** Servers published on the idle server list of `worker` that may still be taken, newest first. */
  *publishedFor(worker: Party): IterableIterator<Party> {
    let at = this.long(idleServersOf(worker.record));
    // The address of the head, then nodes: more than there are parties, and the list does not end.
    for (let turn = 0; at !== 0n && turn <= 2 * this.size + 64; turn++) {
      const value = this.long(addrFromWord(at));
      const server = turn === 0 ? undefined : this.#byNode.get(Number(at));
      if (server !== undefined && !server.worker && (value & 1n) === 0n) yield server;
      at = value & ~1n;
    }
  }
}
