/**
 * The locks of the kernel as one CPU holds them (lock-order.ts has what is under which).
 *
 * A CPU in the kernel has the objects lock: *alone*, and then nobody else is in the kernel and it needs no other lock; or
 * *shared*, and then it takes the lock of what it is about to touch. Shared is for what touches nothing but the caller, user
 * memory, futex buckets, open pipes, eventfds and epolls, and run queues (sharing.ts). All else is done alone: opening and
 * closing, taking signals, exits, new tasks, affinity, devices, faults, balancing, real-time tasks.
 *
 * Shared costs a CPU no more than its own word, on a line of its own. It says that it is inside, then looks whether somebody is
 * alone; who wants to be alone says so, then waits for each CPU that is inside. So one of the two sees the other.
 *
 * A section is a step: from one point where another CPU could come between on the deterministic hosts (a sync, an access of
 * the kernel to user memory, a switch) to the next. Locks below the objects lock that a section has taken it keeps to its end,
 * but for a queue when it goes on to another one: what it did with the first is complete then. At the end of a section the
 * objects lock is handed over, if somebody waits for it. So what the explorer interleaves is what interleaves here: two
 * sections that touch the same thing come one after the other, and only those that do not are made at once.
 *
 * Time: that of a section is not before that of anybody who had the same queue before it.
 *
 * Source: percpu-rwsem of Linux, with the writer's side kept simple. Rejected: one lock around all of the kernel, which this was
 * (docs/threads-host.md); and to mark each access with its lock in the kernel's code, where the deterministic hosts pay for it.
 */
import { assert } from "../../../kernel-sim/errors.ts";
import { monotonicNs } from "../clock.ts";
import { LOCK_OBJECTS, LOCK_QUEUE, type LockOrder } from "./lock-order.ts";
import { COUNT_ALONE, LockWords } from "./lock-words.ts";
import { CONTENDED, FREE, freeWord, LOOK_MS, SPINS, TAKEN, takeWord } from "./word-lock.ts";
import { PHASE_FAILED, type VcpuWords } from "./words.ts";

/** Looks of one that has handed the lock over, for the other to take it. */
const HAND_OVER_SPINS = 50;
/** Somebody waits for this CPU to leave. */
const AWAITED = 2;
/** One in this many times a lock is held is measured. */
const SAMPLE = 16;
/** How a lock that is held is written down: CLASSES * its index + its class. */
const CLASSES = 8;

/** The machine has failed on another CPU: this one leaves it as it is. */
export class MachineGone extends Error {}

export class KernelLock {
  readonly #shared: VcpuWords;
  readonly #locks: LockWords;
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #party: number;
  /** Is this isolate in the kernel? And is it alone there? */
  held = false;
  isAlone = false;
  /** The time of the current section, ns. Set by the host when a section begins. */
  stampNs = 0;
  /** Holds this CPU to the order, if asked to. */
  order: LockOrder | undefined;
  /** What is held below the objects lock: the queue of a CPU, -1 = none; all others, in the order in which they were taken. */
  #queue = -1;
  readonly #inner: number[] = [];
  /** When the measured ones were taken, by class; 0 = not measured. */
  readonly #since: number[] = [0, 0, 0, 0, 0, 0];
  /** The number of this section; does it have one? */
  #number = 0;
  #numbered = false;
  #turn = 0;
  readonly #look = (): void => {
    if (this.#shared.phase === PHASE_FAILED) throw new MachineGone("the machine has failed");
  };

  /** `party`: the CPU, or the number of CPUs for main. */
  constructor(shared: VcpuWords, party: number) {
    this.#shared = shared;
    this.#locks = new LockWords(shared);
    this.#words = this.#locks.words;
    this.#party = party;
  }

  // ---- the objects lock ---------------------------------------------------------------------------------------------

  /** Into the kernel, alone. Throws MachineGone. */
  acquire(): void {
    assert(!this.held, "the kernel's lock is taken twice");
    this.order?.take(LOCK_OBJECTS, 0);
    const { objects, vcpus } = this.#locks;
    let contended = takeWord(this.#words, objects, this.#look);
    for (let cpu = 0; cpu < vcpus; cpu++) {
      if (cpu !== this.#party && this.#awaitLeave(cpu)) contended = true;
    }
    this.#enter(COUNT_ALONE, contended);
    this.isAlone = true;
  }

  /** Into the kernel, with others. Throws MachineGone. */
  share(): void {
    assert(!this.held, "the kernel's lock is taken twice");
    // Main has no word to say so with: it is alone, or outside.
    assert(this.#party < this.#locks.vcpus, "one that is no CPU shares the kernel");
    this.order?.take(LOCK_OBJECTS, 0);
    const inside = this.#locks.inside(this.#party);
    let contended = false;
    // Bounded by those who are alone, one after the other, or by the machine's life.
    for (;;) {
      Atomics.store(this.#words, inside, 1);
      if (Atomics.load(this.#words, this.#locks.objects) === FREE) break;
      this.#leaveShared();
      contended = true;
      this.#awaitFree();
    }
    this.#enter(LOCK_OBJECTS, contended);
    this.#countOverlap();
  }

  #enter(as: number, contended: boolean): void {
    this.held = true;
    this.#counted(as, contended);
  }

  /** From alone to shared, with nobody between. */
  downgrade(): void {
    assert(this.isAlone, "who is not alone shares already");
    this.#measured(COUNT_ALONE);
    Atomics.store(this.#words, this.#locks.inside(this.#party), 1);
    this.isAlone = false;
    freeWord(this.#words, this.#locks.objects, Number.POSITIVE_INFINITY);
    this.#enter(LOCK_OBJECTS, false);
  }

  release(): void {
    assert(this.held, "the kernel's lock is let go of by one that does not have it");
    this.endInner();
    this.order?.drop(LOCK_OBJECTS, 0);
    this.#measured(this.isAlone ? COUNT_ALONE : LOCK_OBJECTS);
    this.held = false;
    if (!this.isAlone) this.#leaveShared();
    else {
      this.isAlone = false;
      freeWord(this.#words, this.#locks.objects, Number.POSITIVE_INFINITY);
    }
  }

  #leaveShared(): void {
    const inside = this.#locks.inside(this.#party);
    if (Atomics.exchange(this.#words, inside, 0) === AWAITED) Atomics.notify(this.#words, inside);
  }

  /** Waits until nobody is alone. */
  #awaitFree(): void {
    const words = this.#words;
    const { objects } = this.#locks;
    for (let spin = 0; spin < SPINS; spin++) if (Atomics.load(words, objects) === FREE) return;
    if (Atomics.compareExchange(words, objects, TAKEN, CONTENDED) !== FREE)
      Atomics.wait(words, objects, CONTENDED, LOOK_MS);
    this.#look();
  }

  /** Waits until `cpu` is not inside. Returns whether it was. */
  #awaitLeave(cpu: number): boolean {
    const words = this.#words;
    const inside = this.#locks.inside(cpu);
    if (Atomics.load(words, inside) === 0) return false;
    for (let spin = 0; spin < SPINS; spin++) if (Atomics.load(words, inside) === 0) return true;
    // Bounded by the other's section, or by the machine's life.
    while (Atomics.compareExchange(words, inside, 1, AWAITED) !== 0) {
      Atomics.wait(words, inside, AWAITED, LOOK_MS);
      this.#look();
    }
    return true;
  }

  /** Evidence that sections are made at once: is another CPU inside now? One is looked at each time, in turn. */
  #countOverlap(): void {
    const { vcpus } = this.#locks;
    if (vcpus === 1) return;
    this.#turn = (this.#turn + 1) % (vcpus - 1);
    const other = (this.#party + 1 + this.#turn) % vcpus;
    if (Atomics.load(this.#words, this.#locks.inside(other)) !== 0) this.#locks.countOverlap(this.#party);
  }

  // ---- below it -----------------------------------------------------------------------------------------------------

  /** Takes the queue of `cpu`, if it is not held, and lets go of another one. Alone there is nothing to take. */
  queue(cpu: number): void {
    if (this.isAlone || this.#queue === cpu) return;
    if (this.#queue >= 0) this.#freeQueue();
    assert(this.held, "a queue is touched outside the kernel");
    this.order?.take(LOCK_QUEUE, cpu);
    const contended = takeWord(this.#words, this.#locks.queue(cpu), this.#look);
    this.#queue = cpu;
    this.#counted(LOCK_QUEUE, contended);
    this.stampNs = Math.max(this.stampNs, this.#locks.stampNs(cpu));
  }

  #freeQueue(): void {
    const cpu = this.#queue;
    this.#locks.setStampNs(cpu, this.stampNs);
    this.#measured(LOCK_QUEUE);
    this.#queue = -1;
    this.order?.drop(LOCK_QUEUE, cpu);
    freeWord(this.#words, this.#locks.queue(cpu));
  }

  /** Takes the lock of an epoll, a file or a bucket, if it is not held. */
  take(of: number, index: number): void {
    if (this.isAlone || this.has(of, index)) return;
    assert(this.held, "a wait queue or a file is touched outside the kernel");
    this.order?.take(of, index);
    const contended = takeWord(this.#words, this.#locks.wordOf(of, index), this.#look);
    this.#inner.push(CLASSES * index + of);
    this.#counted(of, contended);
  }
  has(of: number, index: number): boolean {
    return this.#inner.includes(CLASSES * index + of);
  }
  /** How many are held, but for a queue. */
  get depth(): number {
    return this.#inner.length;
  }
  /** Lets go of those behind the first `depth`, the last first. They are few. */
  dropTo(depth: number): void {
    while (this.#inner.length > depth) this.#free(this.#inner.pop()!);
  }
  /** Lets go of those of one class. */
  dropAll(of: number): void {
    for (let at = this.#inner.length - 1; at >= 0; at--) {
      if (this.#inner[at]! % CLASSES === of) this.#free(this.#inner.splice(at, 1)[0]!);
    }
  }
  #free(lock: number): void {
    const of = lock % CLASSES;
    const index = (lock - of) / CLASSES;
    this.#measured(of);
    this.order?.drop(of, index);
    freeWord(this.#words, this.#locks.wordOf(of, index));
  }

  /** Lets go of all that is below the objects lock. */
  endInner(): void {
    if (this.#queue >= 0) this.#freeQueue();
    this.dropTo(0);
  }

  // ---- what must be held, for who is held to it --------------------------------------------------------------------

  needsAlone(what: string): void {
    if (!this.isAlone) this.order?.refuse(what, "being alone");
  }
  needs(of: number, index: number, what: string): void {
    if (!this.isAlone) this.order?.needs(of, index, what);
  }
  needsSomeQueue(what: string): void {
    if (!this.isAlone && this.#queue < 0) this.order?.refuse(what, "the lock of a queue");
  }

  // ---- sections -----------------------------------------------------------------------------------------------------

  /** The section ends: lets in whoever waits. Returns whether somebody did. */
  breathe(): boolean {
    this.endInner();
    this.#numbered = false;
    const word = Atomics.load(this.#words, this.#locks.objects);
    if (this.isAlone) {
      if (word !== CONTENDED) return false;
      this.release();
      for (let spin = 0; spin < HAND_OVER_SPINS; spin++) {
        if (Atomics.load(this.#words, this.#locks.objects) !== FREE) break;
      }
      this.acquire();
      return true;
    }
    if (word === FREE) return false;
    this.release();
    this.share();
    return true;
  }

  /**
   * The number of this section, taken while it holds its locks: the order of sections that touch the same. Outside the kernel
   * that of the last one.
   */
  get ticket(): number {
    if (!this.#numbered && this.held) {
      this.#number = (Atomics.add(this.#words, this.#locks.numbered, 1) + 1) >>> 0;
      this.#numbered = true;
    }
    return this.#number;
  }

  /** Before a wait for anything else. */
  assertFree(): void {
    assert(!this.held, "a CPU waits with the kernel's lock");
  }

  #counted(of: number, contended: boolean): void {
    this.#numbered = false;
    const nth = this.#locks.countAcquired(this.#party, of, contended);
    this.#since[of] = nth % SAMPLE === 0 ? monotonicNs() : 0;
  }
  #measured(of: number): void {
    const since = this.#since[of]!;
    if (since !== 0) this.#locks.addHeldNs(this.#party, of, SAMPLE * (monotonicNs() - since));
    this.#since[of] = 0;
  }
}
