/** A list of integers that is emptied and filled again all the time: an array whose `length` is set to 0 gives its memory away. */
import { longer } from "./longer.ts";

export class IntList {
  length = 0;
  #items: Int32Array = new Int32Array(16);

  push(item: number): void {
    if (this.length === this.#items.length) this.#items = longer(this.#items);
    this.#items[this.length++] = item;
  }

  at(index: number): number {
    return this.#items[index]!;
  }
  /** At an index that there is. */
  set(index: number, to: number): void {
    this.#items[index] = to;
  }

  clear(): void {
    this.length = 0;
  }
}
