/**
 * Whether something that may be in vain is worth trying: to look for a while before one sleeps, to wait where one stands.
 *
 * Each time in vain doubles how many chances are passed over before the next try, each time that paid halves it: so what pays
 * less than half of the time is soon hardly tried, and what begins to pay again is found out. Where the CPUs of the host have
 * other work, looking for a thread keeps it from running, and is in vain. Source: the idea is haltpoll's, which grows and
 * shrinks the time it polls in the same way; here the time is fixed, because a look that is cut short pays for nobody.
 */

/** At most 1 in 1024 chances is tried in vain. */
const MAX_VAIN = 10;

export class Worth {
  #vain = 0;
  /** Chances to pass over. */
  #rest = 0;

  /** Is this chance one to try? Then `came` says what came of it. */
  tries(): boolean {
    if (this.#rest === 0) return true;
    this.#rest--;
    return false;
  }

  came(paid: boolean): void {
    this.#vain = paid ? Math.max(this.#vain - 1, 0) : Math.min(this.#vain + 1, MAX_VAIN);
    this.#rest = this.#vain === 0 ? 0 : 2 ** this.#vain - 1;
  }
}
