/**
 * The words of host tasks: kernel tasks whose user mode is a Worker of its own, a *host thread* (machine/threads/host-tasks). In a
 * buffer of their own, where no address of a program leads: a record, a *slot*, for each.
 *
 * | word        | written by                                                                                                   |
 * |-------------|--------------------------------------------------------------------------------------------------------------|
 * | state       | bits: TAKEN, by who spawns a task, until the CPU takes it away at the task's end, or the Worker is gone; DOOMED, for good, by who has the Worker ended, before; HELD, by main, while it looks whose it is |
 * | turn        | who has it gives it away: the CPU KERNEL -> USER, the thread USER -> KERNEL; main, when the Worker is gone: GONE |
 * | want        | the CPU: the thread is to come in at its next safepoint; cleared when it has                                  |
 * | event       | the thread DONE, main GONE, before they ring the CPU; taken by the CPU that is interrupted                     |
 * | done        | the thread: its blocking call is over; cleared by the CPU                                                      |
 * | blocks      | the CPU, under the kernel's lock: the task sleeps, or is about to, until `done`                                |
 * | tid, home   | the CPU, under the kernel's lock: when the task begins and ends. `home` is the CPU plus one                    |
 * | activity    | the thread: computes, blocks, has ended                                                                       |
 * | call, arguments, given | the thread, before it gives the turn away                                                           |
 * | status, result, text | who has the turn, before it gives it away                                                              |
 * | death, death wait, why | main, before GONE: the thread's state and last wait, and what became of the Worker                    |
 *
 * The turn is the right to run, and one word: a thread computes only while its turn is USER, which only the CPU that runs its
 * task gives. So there are never more threads that compute than CPUs. A Worker that dies takes nothing with it: whatever the turn
 * was, it is GONE, and who would give it or waits for it sees that.
 */
export const TURN_KERNEL = 0;
export const TURN_USER = 1;
export const TURN_GONE = 2;

export const EVENT_DONE = 1;
export const EVENT_GONE = 2;

export const ACTIVITY_COMPUTES = 0;
export const ACTIVITY_BLOCKS = 1;
export const ACTIVITY_ENDED = 2;

/** No bit of a state. */
const FREE = 0;
const TAKEN = 1;
const DOOMED = 2;
const HELD = 4;

/** What a dead thread was doing. */
const DEATH_STATES = ["", "running", "blocking", "waiting"] as const;
export type DeathState = (typeof DEATH_STATES)[number];

const TURN = 0;
const WANT = 1;
const EVENT = 2;
const DONE = 3;
const BLOCKS = 4;
const TID = 5;
const HOME = 6;
const ACTIVITY = 7;
const CALL = 8;
const STATUS = 9;
const LENGTH = 10;
const DEATH = 11;
const DEATH_WAIT = 12;
const WHY_LENGTH = 13;
const DEATH_TID = 14;
const STATE = 15;
/** Which arguments are not left out, a bit each: a number that is none is one that was given. */
const GIVEN = 16;
/** Even. */
const HEAD = 18;
export const ARGUMENTS = 6;
/** In units of 8 bytes: the arguments, and behind them the result. */
const ARGS = HEAD / 2;
const RESULT = ARGS + ARGUMENTS;
const WHY_BYTES = 256;
const WHY_AT: number = (RESULT + 2) * 8;
/** The longest serialized result, or error. */
export const TEXT_BYTES = 4096;
const TEXT_AT: number = WHY_AT + WHY_BYTES;
const SLOT_BYTES: number = TEXT_AT + TEXT_BYTES;
/** Before the first slot: how many tasks block; how many slots have had a Worker. */
const FIRST = 64;
const BLOCKING = 0;
const USED = 1;

export class HostTaskWords {
  readonly buffer: SharedArrayBuffer;
  readonly slots: number;
  readonly words: Int32Array<SharedArrayBuffer>;
  readonly #numbers: Float64Array<SharedArrayBuffer>;

  static create(slots: number): SharedArrayBuffer {
    return new SharedArrayBuffer(FIRST + slots * SLOT_BYTES);
  }

  constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer;
    this.slots = (buffer.byteLength - FIRST) / SLOT_BYTES;
    this.words = new Int32Array(buffer);
    this.#numbers = new Float64Array(buffer);
  }

  #word(slot: number, word: number): number {
    return ((FIRST + slot * SLOT_BYTES) >> 2) + word;
  }
  #get(slot: number, word: number): number {
    return Atomics.load(this.words, this.#word(slot, word));
  }
  #set(slot: number, word: number, to: number): void {
    Atomics.store(this.words, this.#word(slot, word), to);
  }

  turn(slot: number): number {
    return this.#get(slot, TURN);
  }
  /** Gives the turn away and wakes who gets it. False: the Worker is gone. */
  give(slot: number, from: number, to: number): boolean {
    const word = this.#word(slot, TURN);
    if (Atomics.compareExchange(this.words, word, from, to) !== from) return false;
    Atomics.notify(this.words, word);
    return true;
  }
  /** By the thread: sleeps until it has the turn, `lookMs` at a time. */
  awaitTurn(slot: number, lookMs: number): void {
    const word = this.#word(slot, TURN);
    // Bounded by the Worker's life: main ends it with the machine.
    while (Atomics.load(this.words, word) !== TURN_USER) Atomics.wait(this.words, word, TURN_KERNEL, lookMs);
  }
  /** By main: the Worker is gone, whatever it was doing. Returns whose turn it was. */
  bury(slot: number): number {
    return Atomics.exchange(this.words, this.#word(slot, TURN), TURN_GONE);
  }
  wants(slot: number): boolean {
    return Atomics.load(this.words, this.#word(slot, WANT)) !== 0;
  }
  setWant(slot: number, to: boolean): void {
    this.#set(slot, WANT, to ? 1 : 0);
  }

  announce(slot: number, event: number): void {
    Atomics.or(this.words, this.#word(slot, EVENT), event);
  }
  takeEvent(slot: number): number {
    return this.#get(slot, EVENT) === 0 ? 0 : Atomics.exchange(this.words, this.#word(slot, EVENT), 0);
  }
  isDone(slot: number): boolean {
    return this.#get(slot, DONE) !== 0;
  }
  setDone(slot: number, to: boolean): void {
    this.#set(slot, DONE, to ? 1 : 0);
  }
  blocks(slot: number): boolean {
    return this.#get(slot, BLOCKS) !== 0;
  }
  setBlocks(slot: number, to: boolean): void {
    if (this.blocks(slot) === to) return;
    this.#set(slot, BLOCKS, to ? 1 : 0);
    Atomics.add(this.words, BLOCKING, to ? 1 : -1);
  }
  /** Tasks that sleep until their threads have something to say. */
  get blocking(): number {
    return Atomics.load(this.words, BLOCKING);
  }

  tid(slot: number): number {
    return this.#get(slot, TID);
  }
  setTid(slot: number, to: number): void {
    this.#set(slot, TID, to);
  }
  /** The CPU on which the task is at home; 0 until it has one. */
  home(slot: number): number {
    return Math.max(0, this.#get(slot, HOME) - 1);
  }
  setHome(slot: number, cpu: number): void {
    this.#set(slot, HOME, cpu + 1);
  }
  activity(slot: number): number {
    return this.#get(slot, ACTIVITY);
  }
  setActivity(slot: number, to: number): void {
    this.#set(slot, ACTIVITY, to);
  }

  call(slot: number): number {
    return this.#get(slot, CALL);
  }
  setCall(slot: number, to: number): void {
    this.#set(slot, CALL, to);
  }
  status(slot: number): number {
    return this.#get(slot, STATUS);
  }
  setStatus(slot: number, to: number): void {
    this.#set(slot, STATUS, to);
  }
  get #base(): number {
    return FIRST >> 3;
  }
  argument(slot: number, index: number): number {
    return this.#numbers[this.#base + slot * (SLOT_BYTES >> 3) + ARGS + index]!;
  }
  setArgument(slot: number, index: number, to: number): void {
    this.#numbers[this.#base + slot * (SLOT_BYTES >> 3) + ARGS + index] = to;
  }
  /** Those of a call. */
  setArguments(slot: number, values: readonly (number | undefined)[]): void {
    let given = 0;
    for (let index = 0; index < ARGUMENTS; index++) {
      const value = values[index];
      if (value === undefined) continue;
      given |= 1 << index;
      this.setArgument(slot, index, value);
    }
    this.#set(slot, GIVEN, given);
  }
  arguments(slot: number): (number | undefined)[] {
    const given = this.#get(slot, GIVEN);
    return Array.from({ length: ARGUMENTS }, (_, index) =>
      (given & (1 << index)) === 0 ? undefined : this.argument(slot, index),
    );
  }
  result(slot: number): number {
    return this.argument(slot, ARGUMENTS);
  }
  setResult(slot: number, to: number): void {
    this.setArgument(slot, ARGUMENTS, to);
  }
  /** A copy. */
  text(slot: number): Uint8Array {
    return this.#bytes(slot, TEXT_AT, this.#get(slot, LENGTH)).slice();
  }
  /** False: it does not fit. */
  setText(slot: number, text: Uint8Array): boolean {
    if (text.length > TEXT_BYTES) return false;
    this.#bytes(slot, TEXT_AT, text.length).set(text);
    this.#set(slot, LENGTH, text.length);
    return true;
  }
  #bytes(slot: number, at: number, length: number): Uint8Array {
    return new Uint8Array(this.buffer, FIRST + slot * SLOT_BYTES + at, length);
  }

  deathState(slot: number): DeathState {
    return DEATH_STATES[this.#get(slot, DEATH)]!;
  }
  deathWait(slot: number): number {
    return this.#get(slot, DEATH_WAIT);
  }
  why(slot: number): string {
    return Buffer.from(this.#bytes(slot, WHY_AT, this.#get(slot, WHY_LENGTH))).toString();
  }
  deathTid(slot: number): number {
    return this.#get(slot, DEATH_TID);
  }
  setDeath(slot: number, state: DeathState, wait: number, why: string): void {
    const bytes = Buffer.from(why).subarray(0, WHY_BYTES);
    this.#bytes(slot, WHY_AT, bytes.length).set(bytes);
    this.#set(slot, WHY_LENGTH, bytes.length);
    this.#set(slot, DEATH_WAIT, wait);
    this.#set(slot, DEATH_TID, this.tid(slot));
    this.#set(slot, DEATH, DEATH_STATES.indexOf(state));
  }

  /** The first slots, which have a Worker, or had one. */
  get used(): number {
    return Atomics.load(this.words, USED);
  }
  /** By main, and by set-up code: `slot` is one of them. */
  use(slot: number): void {
    Atomics.store(this.words, USED, Math.max(this.used, slot + 1));
  }
  isTaken(slot: number): boolean {
    return (this.#get(slot, STATE) & TAKEN) !== 0;
  }
  /** The Worker is to be ended: nobody else shall have it, should its task come to an end before. */
  doom(slot: number): void {
    Atomics.or(this.words, this.#word(slot, STATE), DOOMED);
  }
  /** By main: the same, if it is the Worker of task `tid`. False: it is not any more. Nobody gets it between the look and that. */
  doomOf(slot: number, tid: number): boolean {
    const word = this.#word(slot, STATE);
    Atomics.or(this.words, word, HELD);
    const its = this.tid(slot) === tid;
    if (its) this.doom(slot);
    Atomics.and(this.words, word, ~HELD);
    return its;
  }
  /** For a new task. False: it has one already, or its Worker is gone, or going. */
  claim(slot: number): boolean {
    const word = this.#word(slot, STATE);
    if (Atomics.compareExchange(this.words, word, FREE, TAKEN) !== FREE) return false;
    return this.turn(slot) !== TURN_GONE;
  }
  /** By the CPU, when a task and its thread have come to their ends. That its Worker is gone, or going, is not forgotten. */
  free(slot: number): void {
    for (let word = WANT; word < STATE; word++) this.#set(slot, word, 0);
    Atomics.and(this.words, this.#word(slot, STATE), ~TAKEN);
  }
}
