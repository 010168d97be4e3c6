/**
 * Data races of bare mode: two accesses to one word by different threads, of which one writes and one is plain, that nothing orders.
 *
 * What orders is what ECMAScript says (synchronizes-with, 29.8 of its memory model), with program order:
 *
 * | from                                  | to                                                       |
 * |---------------------------------------|----------------------------------------------------------|
 * | an atomic store, xchg, add, cmpxchg   | an atomic read of what it has written, failed cmpxchg included |
 * | wait, notify, timeout of a word       | the next of them on that word, and who is woken          |
 * | unlock                                | the next lock or successful try-lock                     |
 * | spawn; the end of a thread            | the first step of the child; join                        |
 *
 * A read does not come before the store that follows it, nor a failed try-lock after anything: both tell nobody anything. All of
 * this is part of the order that defines a Mazurkiewicz class, so all executions of a class have the same races, and a search that
 * sees every class finds every race.
 *
 * Vector clocks, in which the number of a step is its time. For each word the last access of each kind by each thread is kept;
 * if the last is ordered, those before it are. Rejected: the epochs of FastTrack (Flanagan and Freund, PLDI 2009), which
 * keep one access of all threads while they are ordered: programs here have few threads, and a report names both steps.
 *
 * A system looks for races in its first execution, and then only if a plain access has been seen: it costs as much as
 * the steps themselves. In the execution in which the first plain access is met later, what came before it is not known; the atomic
 * accesses there are seen in the executions in which they come after it.
 *
 * Copies are atomic as a whole. Writing one orders like a store; reading one orders nothing, or histories (history.ts) would hide
 * races.
 */
import type { Violation } from "../../interleaving/system.ts";
import type { Bare } from "./bare.ts";
import { FREE } from "./objects.ts";
import * as op from "./request.ts";
import { opName, type Request } from "./request.ts";

/** Kinds of access: plain or not, and, by the low bit, whether it writes. */
const ATOMIC_READ = 0;
const ATOMIC_WRITE = 1;
const PLAIN_READ = 2;
const PLAIN_WRITE = 3;
const KINDS = 4;

export class Races {
  readonly #bare: Bare;
  readonly #violations: Violation[];
  readonly #owners: Int32Array;
  readonly #max: number;
  /** Row t: for each thread, one more than its last step that is known to t. */
  readonly #clocks: Int32Array;
  /** What is known to who takes over a word, its queue (from `#queues` on) or a mutex (from `#mutexes` on). */
  readonly #released: Int32Array[] = [];
  readonly #queues: number;
  readonly #mutexes: number;
  /** By word: one more than the last step of each kind by each thread, and what it was. */
  readonly #last: Int32Array[] = [];
  readonly #ops: Uint8Array[] = [];
  /** Whatever must be cleared for the next execution. */
  readonly #dirty: Set<Int32Array> = new Set();
  #now = 0;
  /** Messages of this execution: each is told once. */
  readonly #found: Set<string> = new Set();

  /** Adds what it finds to `violations`. */
  constructor(bare: Bare, owners: Int32Array, maxThreads: number, violations: Violation[]) {
    this.#bare = bare;
    this.#violations = violations;
    this.#owners = owners;
    this.#max = maxThreads;
    this.#clocks = new Int32Array(maxThreads * maxThreads);
    this.#queues = bare.words.length;
    this.#mutexes = 2 * bare.words.length;
  }

  reset(): void {
    this.#clocks.fill(0);
    for (const clock of this.#dirty) clock.fill(0);
    this.#dirty.clear();
    this.#now = 0;
    this.#found.clear();
  }

  /** `request` is about to be carried out; undefined: a step of no thread's own. Tells of races that it is the second access of. */
  step(request: Request | undefined): void {
    this.#now++;
    if (request === undefined) return;
    const { actor, a, b } = request;
    this.#clocks[actor * this.#max + actor] = this.#now;
    switch (request.op) {
      case op.OP_PLAIN_LOAD:
        this.#access(request, a, PLAIN_READ);
        break;
      case op.OP_PLAIN_STORE:
        // Who reads it atomically is told nothing.
        this.#clockOf(a).fill(0);
        this.#access(request, a, PLAIN_WRITE);
        break;
      case op.OP_LOAD:
      case op.OP_UNTIL:
        this.#atomic(request, a, true, false);
        break;
      case op.OP_STORE:
        this.#atomic(request, a, false, true);
        break;
      case op.OP_XCHG:
      case op.OP_ADD:
        this.#atomic(request, a, true, true);
        break;
      case op.OP_CAS:
        this.#atomic(request, a, true, this.#bare.words[a] === b >>> 0);
        break;
      case op.OP_WAIT:
        this.#queue(actor, a);
        this.#atomic(request, a, true, false);
        break;
      default:
        this.#other(request);
    }
  }

  /** `child` is brought into being by the step of `parent` that was announced last. */
  spawned(parent: number, child: number): void {
    const max = this.#max;
    this.#clocks.copyWithin(child * max, parent * max, (parent + 1) * max);
  }

  /** `thread`, which waits at `word`, does so no longer. */
  woken(thread: number, word: number): void {
    this.#queue(thread, word);
  }

  #other(request: Request): void {
    const { actor, a } = request;
    switch (request.op) {
      case op.OP_NOTIFY:
        this.#queue(actor, a);
        break;
      case op.OP_TRY_LOCK:
        if (this.#owners[a] === FREE) this.#acquire(actor, this.#clockOf(this.#mutexes + a));
        break;
      case op.OP_LOCK:
        this.#acquire(actor, this.#clockOf(this.#mutexes + a));
        break;
      case op.OP_UNLOCK:
        this.#release(actor, this.#clockOf(this.#mutexes + a));
        break;
      case op.OP_JOIN:
        this.#acquire(actor, this.#clocks.subarray(a * this.#max, (a + 1) * this.#max));
        break;
      default:
        this.#wide(request);
    }
  }

  #wide(request: Request): void {
    const { a, b } = request;
    switch (request.op) {
      case op.OP_LOAD64:
        this.#both(request, true, false);
        break;
      case op.OP_STORE64:
        this.#both(request, false, true);
        break;
      case op.OP_XCHG64:
        this.#both(request, true, true);
        break;
      case op.OP_CAS64:
        this.#both(request, true, this.#bare.longs[a >> 1] === request.x);
        break;
      case op.OP_COPY_OUT:
      case op.OP_COPY_IN: {
        for (let word = a; word < a + b; word++) {
          this.#atomic(request, word, false, request.op === op.OP_COPY_IN);
        }
        break;
      }
    }
  }

  #both(request: Request, acquires: boolean, writes: boolean): void {
    const { a } = request;
    this.#atomic(request, a, acquires, writes);
    this.#atomic(request, a + 1, acquires, writes);
  }

  #atomic(request: Request, word: number, acquires: boolean, writes: boolean): void {
    const clock = this.#clockOf(word);
    if (acquires) this.#acquire(request.actor, clock);
    this.#access(request, word, writes ? ATOMIC_WRITE : ATOMIC_READ);
    if (writes) this.#release(request.actor, clock);
  }

  /** Waits and notifies of a word exclude each other, as by a lock. */
  #queue(thread: number, word: number): void {
    const clock = this.#clockOf(this.#queues + word);
    this.#acquire(thread, clock);
    this.#release(thread, clock);
  }

  #acquire(thread: number, clock: Int32Array): void {
    const row = thread * this.#max;
    for (let p = 0; p < this.#max; p++) {
      if (clock[p]! > this.#clocks[row + p]!) this.#clocks[row + p] = clock[p]!;
    }
  }

  #release(thread: number, clock: Int32Array): void {
    clock.set(this.#clocks.subarray(thread * this.#max, (thread + 1) * this.#max));
  }

  #clockOf(object: number): Int32Array {
    this.#released[object] ??= new Int32Array(this.#max);
    const clock = this.#released[object];
    this.#dirty.add(clock);
    return clock;
  }

  /** Enters an access, and looks for one that conflicts with it and is not known to the thread. */
  #access(request: Request, word: number, kind: number): void {
    this.#last[word] ??= new Int32Array(KINDS * this.#max);
    this.#ops[word] ??= new Uint8Array(KINDS * this.#max);
    const [last, ops] = [this.#last[word], this.#ops[word]];
    this.#dirty.add(last);
    const { actor } = request;
    for (let at = 0; at < last.length; at++) {
      const other = at % this.#max;
      if (last[at] === 0 || other === actor || !conflict(kind, Math.trunc(at / this.#max))) continue;
      if (last[at]! <= this.#clocks[actor * this.#max + other]!) continue;
      this.#race(request, word, other, ops[at]!, last[at]! - 1);
    }
    last[kind * this.#max + actor] = this.#now;
    ops[kind * this.#max + actor] = request.op;
  }

  #race(request: Request, word: number, other: number, otherOp: number, step: number): void {
    const name = this.#bare.nameOfWord(word);
    const both = [
      { thread: other, what: `the ${opName(otherOp)} of ${this.#bare.nameOfThread(other)}` },
      {
        thread: request.actor,
        what: `the ${opName(request.op)} of ${this.#bare.nameOfThread(request.actor)}`,
      },
    ];
    // The same race has the same message, whoever comes first.
    const [a, b] = both.sort((x, y) => x.thread - y.thread).map(({ what }) => what);
    const message = `data race on ${name}: nothing orders ${a} and ${b}`;
    if (this.#found.has(message)) return;
    this.#found.add(message);
    this.#violations.push({
      kind: "data-race",
      message,
      actor: request.actor,
      steps: [step, this.#now - 1],
    });
  }
}

function conflict(a: number, b: number): boolean {
  return ((a | b) & 1) !== 0 && (a >= PLAIN_READ || b >= PLAIN_READ);
}
