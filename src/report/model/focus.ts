/** What all timelines of a group put before the rest: one task, one stretch of time, the rows that are looked for. */

export interface Band {
  readonly fromNs: number;
  readonly toNs: number;
}

export class Focus {
  readonly #listeners: (() => void)[] = [];
  #tid: number | undefined;
  #band: Band | undefined;
  /** Of the run whose band it is. */
  #run: number = -1;
  #wanted = "";

  /** The task that everything else steps back for. */
  get tid(): number | undefined {
    return this.#tid;
  }
  /** Lower case; rows of tasks whose names have it. */
  get wanted(): string {
    return this.#wanted;
  }

  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  bandOf(run: number): Band | undefined {
    return run === this.#run ? this.#band : undefined;
  }

  /** Undefined: nobody. A stretch of time is of one run. */
  choose(tid: number | undefined, run = -1, band?: Band): void {
    this.#tid = tid;
    this.#run = run;
    this.#band = band;
    this.#tell();
  }

  find(text: string): void {
    this.#wanted = text.trim().toLowerCase();
    this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
