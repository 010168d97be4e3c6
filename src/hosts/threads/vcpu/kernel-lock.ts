/**
 * The lock of the kernel: whoever has it is in the kernel, and nobody else. One word:
 *
 *     FREE, TAKEN, or CONTENDED: taken, and somebody may sleep for it
 *
 * It is held from a system call's entry to its exit, by the idle loop, by interrupt handlers; but not across what another CPU
 * could come between on the deterministic hosts: at a sync and before each access to user memory it is handed over if it is
 * CONTENDED (`breathe`), and a CPU that waits or sleeps lets go of it. So what the explorer interleaves is what interleaves
 * here, and user mode runs without it.
 *
 * Order: there is one lock, so there is no order to keep. What else a holder may wait for: nothing. Who sleeps for a CPU's
 * attention, a word of `smp` or a real device has let go of it first; `assertFree` says so.
 *
 * A CPU that dies with the lock leaves the kernel in the middle of something. Nobody can go on: who waits looks at the phase
 * every `LOOK_NS`, and leaves by MachineGone when it says FAILED.
 *
 * Source: Drepper, "Futexes are tricky", mutex 2. Rejected: a ticket lock (with more threads than cores the next in line is
 * the one that is not running, at 50 us a time).
 */
import { assert } from "../../../kernel-sim/errors.ts";
import { LOCK, PHASE_FAILED, TICKETS, type VcpuWords } from "./words.ts";

const FREE = 0;
const TAKEN = 1;
const CONTENDED = 2;

/** Looks before it sleeps: a kernel section is shorter than a wake-up. */
const SPINS = 200;
/** Looks of one that has handed the lock over, for the other to take it. */
const HAND_OVER_SPINS = 50;
const LOOK_MS = 50;

/** The machine has failed on another CPU: this one leaves it as it is. */
export class MachineGone extends Error {}

export class KernelLock {
  readonly #shared: VcpuWords;
  readonly #words: Int32Array<SharedArrayBuffer>;
  /** Does this isolate have it? */
  held = false;

  constructor(shared: VcpuWords) {
    this.#shared = shared;
    this.#words = shared.words;
  }

  /** Throws MachineGone. */
  acquire(): void {
    assert(!this.held, "the kernel's lock is taken twice");
    if (Atomics.compareExchange(this.#words, LOCK, FREE, TAKEN) !== FREE) this.#wait();
    this.held = true;
    // The holder's alone.
    this.#words[TICKETS]!++;
  }

  #wait(): void {
    const words = this.#words;
    for (let spin = 0; spin < SPINS; spin++) {
      if (Atomics.load(words, LOCK) === FREE && Atomics.compareExchange(words, LOCK, FREE, TAKEN) === FREE)
        return;
    }
    // Bounded by the holder's section, or by the machine's life.
    while (Atomics.exchange(words, LOCK, CONTENDED) !== FREE) {
      Atomics.wait(words, LOCK, CONTENDED, LOOK_MS);
      if (this.#shared.phase === PHASE_FAILED) throw new MachineGone("the machine has failed");
    }
  }

  release(): void {
    assert(this.held, "the kernel's lock is let go of by one that does not have it");
    this.held = false;
    if (Atomics.exchange(this.#words, LOCK, FREE) === CONTENDED) Atomics.notify(this.#words, LOCK, 1);
  }

  /** Lets in whoever waits. Returns whether somebody did. */
  breathe(): boolean {
    if (Atomics.load(this.#words, LOCK) !== CONTENDED) return false;
    this.release();
    for (let spin = 0; spin < HAND_OVER_SPINS && Atomics.load(this.#words, LOCK) === FREE; spin++);
    this.acquire();
    return true;
  }

  /** How often it was taken: the order of sections, for whoever has it. */
  get ticket(): number {
    return this.#words[TICKETS]! >>> 0;
  }

  /** Before a wait for anything else. */
  assertFree(): void {
    assert(!this.held, "a CPU waits with the kernel's lock");
  }
}
