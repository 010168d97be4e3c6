/**
 * How the owner hears that threads have ended, without blocking its event loop.
 *
 * While threads are under way it looks once a turn of the loop for as long as a wake-up would take (a turn costs a microsecond,
 * a wake-up through `Atomics.waitAsync` ten and more), then sleeps and says so in a word, so that only a sleeper is notified.
 * Where there is one host CPU it sleeps at once: to look would keep the threads from running.
 *
 * A promise of waitAsync does not keep a process alive, so a timer does as long as somebody watches.
 */
import { DONE_BELL, OWNER_SLEEPS } from "./layout.ts";

const KEEP_ALIVE_MS = 60_000;

export class DoneWatch {
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #spinMs: number;
  /** Looks for threads that have ended. False: no more are under way. */
  readonly #collect: () => boolean;
  #keepAlive: NodeJS.Timeout | undefined;
  #seen = 0;
  #until = 0;
  #stopped = false;

  constructor(words: Int32Array<SharedArrayBuffer>, spinMs: number, collect: () => boolean) {
    this.#words = words;
    this.#spinMs = spinMs;
    this.#collect = collect;
  }

  /** A thread more is under way. */
  watch(): void {
    if (this.#keepAlive !== undefined) return;
    this.#keepAlive = setInterval(Boolean, KEEP_ALIVE_MS);
    this.#seen = Atomics.load(this.#words, DONE_BELL);
    this.#until = performance.now() + this.#spinMs;
    this.#poll();
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
