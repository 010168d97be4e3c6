/** Runs one behind the other, as one thing in progress: the cells of a matrix, the repetitions of a benchmark. */
import type { Stretched } from "./session.ts";

/** A run that has a result at its end. */
export interface Part<T> extends Stretched {
  result(): T;
  /** What there is of it if it ends here, when it is closed; undefined, or no such function: nothing worth showing. */
  partial?(): T | undefined;
}

export interface PlannedPart<T> {
  /** Told behind the progress while it runs. */
  readonly note?: string;
  /** Called when its turn comes: machines are large, and one at a time is enough. */
  begin(): Part<T>;
}

export class Sequence<T> implements Part<readonly T[]> {
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

  /** The part's own word, or what it counts itself. */
  get note(): string | undefined {
    const at = Math.min(this.results.length, this.#parts.length - 1);
    return this.#parts[at]!.note ?? this.#current?.note;
  }

  get wait(): (() => Promise<void>) | undefined {
    const part = this.#current;
    return part?.wait === undefined ? undefined : () => part.wait!();
  }
  async close(): Promise<void> {
    await this.#current?.close?.();
  }

  /** The part that is under way and not among the results. */
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

  result(): readonly T[] {
    return this.results;
  }

  /** The part that is under way is the last, if it has something. */
  partial(): readonly T[] {
    const last = this.#current?.partial?.();
    return last === undefined ? this.results : [...this.results, last];
  }
}

/** The same run, with a result made from its own. */
export function mapped<A, B>(part: Part<A>, make: (result: A) => B): Part<B> {
  return {
    get progress() {
      return part.progress;
    },
    get note() {
      return part.note;
    },
    get wait() {
      return part.wait === undefined ? undefined : () => part.wait!();
    },
    close: async () => part.close?.(),
    advance: (stop) => part.advance(stop),
    result: () => make(part.result()),
    partial: () => {
      const partial = part.partial?.();
      return partial === undefined ? undefined : make(partial);
    },
  };
}
