/** Runs one behind the other, as one thing in progress: the cells of a matrix, the repetitions of a benchmark. */
import type { Stretched } from "./session.ts";

/** A run that has a result at its end. */
export interface Part<T> extends Stretched {
  result(): T;
}

export interface PlannedPart<T> {
  /** Told behind the progress while it runs. */
  readonly note: string;
  /** Called when its turn comes: machines are large, and one at a time is enough. */
  begin(): Part<T>;
}

export class Sequence<T> implements Stretched {
  /** Of the parts that are done. */
  readonly results: T[] = [];
  readonly #parts: readonly PlannedPart<T>[];
  #current: Part<T> | undefined;

  constructor(parts: readonly PlannedPart<T>[]) {
    this.#parts = parts;
  }

  get progress(): number {
    return (this.results.length + (this.#current?.progress ?? 0)) / this.#parts.length;
  }

  get note(): string {
    const at = Math.min(this.results.length, this.#parts.length - 1);
    return this.#parts[at]!.note;
  }

  /** One part is under way, and `results` is the worse for it if the sequence ends here. */
  get current(): Part<T> | undefined {
    return this.#current;
  }

  /** The end of a part ends the stretch, too. */
  advance(stop: () => boolean): boolean {
    const { results } = this;
    this.#current ??= this.#parts[results.length]!.begin();
    if (this.#current.advance(stop)) {
      results.push(this.#current.result());
      this.#current = undefined;
    }
    return results.length === this.#parts.length;
  }
}
