/**
 * The kernel's state, divided into objects: one for each column and row of its tables, and a few that are no columns.
 *
 * Numbers are given out when a machine is made, in the order in which things are named, so that they are the same in every
 * machine of a configuration. Objects below `first` are somebody else's (the words of user memory).
 */
export class KernelObjects {
  count: number;
  readonly #first: number;
  readonly #bases: Map<string, number> = new Map();
  readonly #names: { readonly name: string; readonly base: number; readonly rows: number }[] = [];

  constructor(first: number) {
    this.#first = first;
    this.count = first;
  }

  /** Where the objects of `name` begin, of which there are `rows`. The same name is the same objects. */
  of(name: string, rows = 1): number {
    const known = this.#bases.get(name);
    if (known !== undefined) return known;
    const base = this.count;
    this.count += rows;
    this.#bases.set(name, base);
    this.#names.push({ name, base, rows });
    return base;
  }

  /** "tasks.state 3", for reports. */
  nameOf(object: number): string {
    if (object < this.#first) return `word ${object}`;
    const found = this.#names.find(({ base, rows }) => object >= base && object < base + rows);
    if (found === undefined) return `object ${object}`;
    return found.rows === 1 ? found.name : `${found.name} ${object - found.base}`;
  }
}
