/** How many classes of executions have been seen, as long as they can be remembered. */

/** Signatures that are remembered, some 40 MB. */
const MAX_SIGNATURES: number = 1 << 20;

export class Distinct {
  readonly #signatures: Set<number> = new Set();
  #remembers = true;

  /** Undefined: there were too many. */
  get count(): number | undefined {
    return this.#remembers ? this.#signatures.size : undefined;
  }

  /** Undefined likewise. */
  get signatures(): number[] | undefined {
    return this.#remembers ? [...this.#signatures] : undefined;
  }

  add(signature: number): void {
    if (!this.#remembers) return;
    this.#signatures.add(signature);
    if (this.#signatures.size >= MAX_SIGNATURES) this.forget();
  }

  /** From now on nobody knows. */
  forget(): void {
    this.#remembers = false;
    this.#signatures.clear();
  }

  /** Begins anew. */
  clear(): void {
    this.#signatures.clear();
  }
}
