/**
 * What a step touches, noted while it is made: objects by number, each once, read or written.
 *
 * The kernel's tables of an explored machine tell it (observed-kernel.ts), and the host of what is its own. Off, it costs a look
 * at a flag; a machine that nobody explores does not have one.
 */
export class Touches {
  /** Is the step under way to be noted? */
  on = false;
  #count = 0;
  /** Each an object * 2, plus 1 if it is written. */
  #accesses: Int32Array = new Int32Array(0);
  /** By object: one more than its place among the accesses of the step under way. */
  #places: Int32Array = new Int32Array(0);

  /** Makes room for objects below `objects`. */
  fit(objects: number): void {
    this.#accesses = new Int32Array(objects);
    this.#places = new Int32Array(objects);
    this.#count = 0;
  }

  begin(): void {
    for (let i = 0; i < this.#count; i++) this.#places[this.#accesses[i]! >> 1] = 0;
    this.#count = 0;
    this.on = true;
  }
  /** The accesses of the step, ascending; valid until the next begins. */
  end(): Int32Array {
    this.on = false;
    for (let i = 0; i < this.#count; i++) this.#places[this.#accesses[i]! >> 1] = 0;
    const noted = this.#accesses.subarray(0, this.#count);
    this.#count = 0;
    return noted.sort();
  }

  read(object: number): void {
    if (this.on && this.#places[object] === 0) this.#add(object, 0);
  }
  write(object: number): void {
    if (!this.on) return;
    const place = this.#places[object]!;
    if (place === 0) this.#add(object, 1);
    else this.#accesses[place - 1]! |= 1;
  }

  #add(object: number, write: number): void {
    this.#accesses[this.#count] = object * 2 + write;
    this.#places[object] = ++this.#count;
  }
}
