/**
 * What epolls watch: for each (epoll, file) at most one watch, linked into three lists: of the file (who is to be told), of
 * the epoll (what it watches) and, while something may have happened, of the epoll's ready watches, in the order in which
 * they became ready. Numbers of files and epolls are slots (descriptors.ts). Source: struct epitem in fs/eventpoll.c.
 */
import type { Arena } from "./arena.ts";
import { LinkedLists } from "./linked-lists.ts";

export class WatchTable {
  declare readonly ofFile: LinkedLists;
  declare readonly ofEpoll: LinkedLists;
  declare private readonly ready: LinkedLists;
  declare private readonly capacity: number;
  declare private readonly files: Int32Array;
  declare private readonly epolls: Int32Array;
  /** EPOLL events and flags asked for. */
  declare readonly events: Int32Array;
  /** What the user gets back with an event. */
  declare readonly data: BigUint64Array;
  /** One word: how many there are. */
  declare private readonly total: Int32Array;

  constructor(arena: Arena, slots: number, watches: number) {
    this.capacity = watches;
    this.ofFile = new LinkedLists(arena, slots, watches);
    this.ofEpoll = new LinkedLists(arena, slots, watches);
    this.ready = new LinkedLists(arena, slots, watches);
    this.files = arena.int32(watches + 1);
    this.epolls = arena.int32(watches + 1);
    this.events = arena.int32(watches + 1);
    this.data = arena.bigUint64(watches + 1);
    this.total = arena.int32(1);
  }

  /** How many watches there are: nobody has to be told while it is 0. */
  get count(): number {
    return this.total[0]!;
  }

  file(watch: number): number {
    return this.files[watch]!;
  }
  epoll(watch: number): number {
    return this.epolls[watch]!;
  }

  /** The watch of `file` by `epoll`, or 0. */
  find(epoll: number, file: number): number {
    let watch = this.ofFile.first(file);
    while (watch !== 0 && this.epolls[watch] !== epoll) watch = this.ofFile.after(watch);
    return watch;
  }

  /** A new watch; 0 when no room is left. */
  create(epoll: number, file: number): number {
    for (let watch = 1; watch <= this.capacity; watch++) {
      if (this.ofFile.isOn(watch)) continue;
      this.files[watch] = file;
      this.epolls[watch] = epoll;
      this.ofFile.add(file, watch);
      this.ofEpoll.add(epoll, watch);
      this.total[0]!++;
      return watch;
    }
    return 0;
  }

  /** The watches of `epoll` for which something may have happened, as they are now; the first of them, or 0. */
  readyOf(epoll: number): number[] {
    return this.ready.nodes(epoll);
  }
  firstReady(epoll: number): number {
    return this.ready.first(epoll);
  }
  isReady(watch: number): boolean {
    return this.ready.isOn(watch);
  }
  putReady(watch: number): void {
    this.ready.add(this.epolls[watch]!, watch);
  }
  takeReady(watch: number): void {
    this.ready.remove(watch);
  }
  /** Puts the watches of a file that ask for `events` on their ready lists; returns the epolls, each once. */
  markReady(file: number, events: number): number[] {
    const epolls: number[] = [];
    for (const watch of this.ofFile.nodes(file)) {
      if ((this.events[watch]! & events) === 0) continue;
      if (!this.isReady(watch)) this.putReady(watch);
      epolls.push(this.epolls[watch]!);
    }
    return epolls;
  }

  remove(watch: number): void {
    this.ofFile.remove(watch);
    this.ofEpoll.remove(watch);
    this.ready.remove(watch);
    this.total[0]!--;
  }

  /** Removes every watch of a slot, as a file and as an epoll. */
  removeAll(slot: number): void {
    for (const watch of [...this.ofFile.nodes(slot), ...this.ofEpoll.nodes(slot)]) this.remove(watch);
  }
}
