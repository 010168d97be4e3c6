/**
 * seccomp filters that ask another task: who is filtered, and the calls that wait for an answer. In the machine's buffer.
 *
 * A filter traps one system call of a task and of those it starts from then on. A trapped call is a *notification*, at most
 * one a task, so it is numbered by its task; the user knows it by an id that is never used again. The notifications of a
 * listener are listed in the order in which they came. Source: struct seccomp_knotif in kernel/seccomp.c.
 */
import type { Arena } from "./arena.ts";
import { LinkedLists } from "./linked-lists.ts";

/** No notification; not received yet; received; answered. */
export const NOTE_NONE = 0;
export const NOTE_INIT = 1;
export const NOTE_SENT = 2;
export const NOTE_REPLIED = 3;

export class SeccompTable {
  /** Notifications that are not answered, by the slot of their listener. */
  declare readonly notes: LinkedLists;
  /** System call trapped, +1; 0 = the task has no filter. */
  declare private readonly calls: Int32Array;
  /** Descriptor of its listener; 0 = that was closed. */
  declare private readonly fds: Int32Array;
  declare private readonly states: Int32Array;
  declare private readonly ids: Float64Array;
  declare private readonly args: Float64Array;
  declare private readonly results: Float64Array;
  declare private readonly lastId: Float64Array;
  /** One word: tasks with a filter. */
  declare private readonly filters: Int32Array;

  constructor(arena: Arena, slots: number, maxTasks: number) {
    const rows = maxTasks + 1;
    this.notes = new LinkedLists(arena, slots, maxTasks);
    this.calls = arena.int32(rows);
    this.fds = arena.int32(rows);
    this.states = arena.int32(rows);
    this.ids = arena.float64(rows);
    this.args = arena.float64(rows);
    this.results = arena.float64(rows);
    this.lastId = arena.float64(1);
    this.filters = arena.int32(1);
  }

  /** Tasks with a filter: no call is looked at while it is 0. */
  get filtered(): number {
    return this.filters[0]!;
  }

  /** The call that is trapped when `tid` makes it; -1 = none. */
  trapped(tid: number): number {
    return this.calls[tid]! - 1;
  }
  /** Who is asked; 0 = nobody any more. */
  listener(tid: number): number {
    return this.fds[tid]!;
  }

  /** A filter for `tid`: system call `nr` asks the listener `fd`. */
  install(tid: number, nr: number, fd: number): void {
    this.calls[tid] = nr + 1;
    this.fds[tid] = fd;
    this.filters[0]!++;
  }
  /** A new task has the filter of the one that starts it. */
  inherit(parent: number, child: number): void {
    if (this.calls[parent] !== 0) this.install(child, this.trapped(parent), this.fds[parent]!);
  }
  /** The task is gone. Returns its listener, 0 if it had none. */
  forget(tid: number): number {
    const fd = this.fds[tid]!;
    if (this.calls[tid] !== 0) this.filters[0]!--;
    this.calls[tid] = 0;
    this.fds[tid] = 0;
    return fd;
  }
  /** The tasks up to `last` that ask `fd`. */
  users(fd: number, last: number): number[] {
    const found: number[] = [];
    for (let tid = 1; tid <= last; tid++) if (this.fds[tid] === fd) found.push(tid);
    return found;
  }
  /** The listener is closed: its tasks stay filtered and ask nobody. */
  orphan(tid: number): void {
    this.fds[tid] = 0;
  }

  /** The call of `tid` waits for an answer from here on. */
  post(tid: number, slot: number, arg: number): void {
    this.states[tid] = NOTE_INIT;
    this.ids[tid] = ++this.lastId[0]!;
    this.args[tid] = arg;
    this.results[tid] = 0;
    this.notes.add(slot, tid);
  }
  /** It no longer does. */
  withdraw(tid: number): void {
    this.notes.remove(tid);
    this.states[tid] = NOTE_NONE;
  }
  reply(tid: number, result: number): void {
    this.notes.remove(tid);
    this.states[tid] = NOTE_REPLIED;
    this.results[tid] = result;
  }
  /** The first notification of a listener in this state, 0 = none. */
  find(slot: number, state: number): number {
    let tid = this.notes.first(slot);
    while (tid !== 0 && this.states[tid] !== state) tid = this.notes.after(tid);
    return tid;
  }
  /** The notification of this id, 0 = none. */
  findId(slot: number, id: number): number {
    let tid = this.notes.first(slot);
    while (tid !== 0 && this.ids[tid] !== id) tid = this.notes.after(tid);
    return tid;
  }

  state(tid: number): number {
    return this.states[tid]!;
  }
  setSent(tid: number): void {
    this.states[tid] = NOTE_SENT;
  }
  id(tid: number): number {
    return this.ids[tid]!;
  }
  arg(tid: number): number {
    return this.args[tid]!;
  }
  result(tid: number): number {
    return this.results[tid]!;
  }
}
