/**
 * How the owner hears that threads have ended.
 *
 * A thread that is alone under way may be over in no time, and then the way through the event loop is most of what it takes. So
 * the owner blocks for it, for HURRY_MS at most, where that has been worth it. With `spinMs` it looks for as long before it
 * sleeps there, where that has been.
 *
 * Else it does not block. With `spinMs` it looks once a turn of the loop for as long, then it sleeps through `Atomics.waitAsync`, and
 * says so in a word, so that only a sleeper is notified. A promise of that does not keep a process alive, so a timer does.
 */
import { DONE_BELL, OWNER_SLEEPS } from "./layout.ts";
import { Worth } from "./worth.ts";

const KEEP_ALIVE_MS = 60_000;
/** Some context switches, and less than a turn of a busy event loop. */
const HURRY_MS = 0.1;

export class DoneWatch {
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #spinMs: number;
  /** Looks for threads that have ended. False: nobody waits for more. */
  readonly #collect: () => boolean;
  #keepAlive: NodeJS.Timeout | undefined;
  /** What the bell was when the owner looked last. */
  #seen = 0;
  #until = 0;
  #stopped = false;
  #hurries = false;
  readonly #hurry: Worth = new Worth();
  readonly #spin: Worth = new Worth();

  constructor(words: Int32Array<SharedArrayBuffer>, spinMs: number, collect: () => boolean) {
    this.#words = words;
    this.#spinMs = spinMs;
    this.#collect = collect;
  }

  /** A thread more is under way, or waits for a Worker; `alone`: it is, and no other is. */
  watch(alone: boolean): void {
    // Those that the end of one lets begin do not stack up.
    const hurries = alone && this.#keepAlive === undefined && !this.#hurries && this.#hurry.tries();
    if (this.#keepAlive !== undefined || (hurries && this.#wait())) return;
    // Collecting may have begun others.
    if (this.#keepAlive !== undefined) return;
    this.#keepAlive = setInterval(Boolean, KEEP_ALIVE_MS);
    this.#until = performance.now() + this.#spinMs;
    this.#poll();
  }

  /** Waits for the one thread here and now. True: no thread is under way any more. */
  #wait(): boolean {
    const bell = this.#look() ?? this.#sleepHere();
    this.#hurry.came(bell !== this.#seen);
    if (bell === this.#seen) return false;
    this.#seen = bell;
    this.#hurries = true;
    const more = this.#collect();
    this.#hurries = false;
    return !more;
  }

  /** Looks at the bell for a while. What it is by then, if it has rung. As in turns.ts, what came too late has not paid. */
  #look(): number | undefined {
    if (this.#spinMs === 0 || !this.#spin.tries()) return undefined;
    // No longer than it sleeps there: the thread may wait for something that this event loop has to do.
    const until = performance.now() + Math.min(this.#spinMs, HURRY_MS);
    let bell = this.#seen;
    let paid = true;
    // To read the clock is pause enough between two looks.
    while (bell === this.#seen && paid) {
      bell = Atomics.load(this.#words, DONE_BELL);
      paid = performance.now() < until;
    }
    this.#spin.came(bell !== this.#seen && paid);
    return bell === this.#seen ? undefined : bell;
  }

  #sleepHere(): number {
    Atomics.store(this.#words, OWNER_SLEEPS, 1);
    Atomics.wait(this.#words, DONE_BELL, this.#seen, HURRY_MS);
    Atomics.store(this.#words, OWNER_SLEEPS, 0);
    return Atomics.load(this.#words, DONE_BELL);
  }

  readonly #poll = (): void => {
    if (this.#stopped) return;
    const bell = Atomics.load(this.#words, DONE_BELL);
    if (bell !== this.#seen) {
      this.#seen = bell;
      if (!this.#collect()) {
        clearInterval(this.#keepAlive);
        this.#keepAlive = undefined;
        return;
      }
      this.#until = performance.now() + this.#spinMs;
    }
    if (performance.now() < this.#until) setImmediate(this.#poll);
    else this.#sleep();
  };

  #sleep(): void {
    Atomics.store(this.#words, OWNER_SLEEPS, 1);
    const wait = Atomics.waitAsync(this.#words, DONE_BELL, this.#seen);
    const wake = (): void => {
      Atomics.store(this.#words, OWNER_SLEEPS, 0);
      this.#poll();
    };
    if (wait.async) void wait.value.then(wake);
    else wake();
  }

  /** For good. */
  stop(): void {
    this.#stopped = true;
    clearInterval(this.#keepAlive);
    this.ring();
  }

  /** Has the watch look again, though no thread rang. */
  ring(): void {
    Atomics.add(this.#words, DONE_BELL, 1);
    Atomics.notify(this.#words, DONE_BELL);
  }
}
