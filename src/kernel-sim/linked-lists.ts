/** Doubly linked lists over numbered nodes, in the machine's buffer. A node is on one list of a set at most; 0 is no node. */
import type { Arena } from "./arena.ts";
import { assert } from "./errors.ts";

export class LinkedLists {
  readonly #heads: Int32Array;
  readonly #tails: Int32Array;
  readonly #nexts: Int32Array;
  readonly #prevs: Int32Array;
  /** The list a node is on, +1; 0 = none. */
  readonly #on: Int32Array;

  /** Lists are 0 to `lists` - 1, nodes 1 to `nodes`. */
  constructor(arena: Arena, lists: number, nodes: number) {
    this.#heads = arena.int32(lists);
    this.#tails = arena.int32(lists);
    this.#nexts = arena.int32(nodes + 1);
    this.#prevs = arena.int32(nodes + 1);
    this.#on = arena.int32(nodes + 1);
  }

  first(list: number): number {
    return this.#heads[list]!;
  }
  after(node: number): number {
    return this.#nexts[node]!;
  }
  isOn(node: number): boolean {
    return this.#on[node] !== 0;
  }

  /** Puts a node that is on no list at the end of one. */
  add(list: number, node: number): void {
    assert(node > 0 && !this.isOn(node), `node ${node} is on a list`);
    const tail = this.#tails[list]!;
    this.#on[node] = list + 1;
    this.#prevs[node] = tail;
    this.#nexts[node] = 0;
    if (tail === 0) this.#heads[list] = node;
    else this.#nexts[tail] = node;
    this.#tails[list] = node;
  }

  /** Takes a node off its list. No-op when it is on none. */
  remove(node: number): void {
    const list = this.#on[node]! - 1;
    if (list < 0) return;
    const next = this.#nexts[node]!;
    const prev = this.#prevs[node]!;
    if (prev === 0) this.#heads[list] = next;
    else this.#nexts[prev] = next;
    if (next === 0) this.#tails[list] = prev;
    else this.#prevs[next] = prev;
    this.#on[node] = 0;
  }

  /** The nodes of a list as they are now. */
  nodes(list: number): number[] {
    const found: number[] = [];
    for (let node = this.first(list); node !== 0; node = this.after(node)) found.push(node);
    return found;
  }
}
