/**
 * Whether it pays to give parts of a search to others. Where most leaves of a tree are an execution each, it does not: a unit costs more to
 * tell than to explore. Then one goes on alone for a while, until sharing is tried again; the longer, the less often it has paid, and
 * always many times as long as the last try took. So the price of trying is bounded, whatever the program.
 */

/** How long somebody is left alone with a job at least, and at most while nothing is shared, ms. */
const PATIENCE_MS = 20;
const MAX_PATIENCE_MS = 60_000;
/** Executions of a unit that was not worth the telling. */
const SMALL = 64;
/** So many of them in a row, and no more is shared; one that took long counts for more, as the telling of a large tree does. */
const TRIES = 8;
const LONG_MS = 100;
/** How much longer than a try the time without one is. */
const REST = 20;
const GROWTH = 4;

export class Sharing {
  /** How long somebody is left alone with a job, ms, before he is asked for a part of it. */
  patience: number = PATIENCE_MS;
  /** One goes on with all that is left. */
  alone = false;
  #small = 0;
  #since: number;

  /** `now`: ms. */
  constructor(now: number) {
    this.#since = now;
  }

  /** A unit has come back, after so many ms; `early`: somebody was asked for what remains of it. */
  note(executions: number, took: number, early: boolean, now: number): void {
    if (early) {
      if (this.alone) this.#since = now;
      this.alone = false;
      this.#small = 0;
      return;
    }
    if (executions >= SMALL) {
      this.#small = 0;
      this.#since = now;
      this.patience = Math.max(this.patience / GROWTH, PATIENCE_MS);
      return;
    }
    this.#small += 1 + Math.floor(took / LONG_MS);
    if (this.#small >= TRIES && !this.alone) {
      this.alone = true;
      const rest = Math.max(this.patience * GROWTH, (now - this.#since) * REST);
      this.patience = Math.min(rest, MAX_PATIENCE_MS);
    }
  }
}
