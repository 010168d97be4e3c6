/**
 * Records that a thread leaves half written: it makes a call and dies before a store of its choice, the first, the second, and
 * so on. Every store is one, those of plain code under the lock too, which no schedule of steps would come between.
 */
import type { MessagePort } from "node:worker_threads";
import type { Addr } from "../../../src/atomics/address.ts";
import { EAGAIN } from "../../../src/atomics/errno.ts";
import { SharedMemory } from "../../../src/atomics/shared-memory.ts";
import { Completed, RESUME, type Step } from "../../../src/atomics/step.ts";
import type { HostWords } from "../../../src/kernel-sim/lkl/host/host-words.ts";
import { assign } from "../../../src/threads/assign.ts";
import { Board } from "../../../src/threads/board.ts";
import { Job } from "../../../src/threads/jobs.ts";
import {
  CAPACITY,
  CHANNEL_WORDS,
  FREE_PERMITS,
  layOutThreads,
  OWNER,
  PERMITS,
  PLACE_WORDS,
  PLACES,
  type ThreadLayout,
} from "../../../src/threads/layout.ts";
import type { ThreadPolicy } from "../../../src/threads/policy.ts";
import { Scheduler } from "../../../src/threads/scheduler.ts";

/** Thrown instead of the store at which the thread dies. */
export class Death extends Error {}

/** Thrown where the thread would sleep. */
export class Asleep extends Error {}

/** How many stores a thread has left to live. */
export class Life {
  left: number;
  constructor(stores: number = Number.POSITIVE_INFINITY) {
    this.left = stores;
  }
  store(): void {
    // Nothing catches a death: who tries comes to the next store.
    if (this.left-- <= 0) throw new Death();
  }
}

/** A view whose stores cost life. */
function mortal<T extends Int32Array | Float64Array>(view: T, life: Life): T {
  return new Proxy(view, {
    get(target, name) {
      if (name === "subarray")
        return (begin: number, end: number) => mortal(target.subarray(begin, end) as T, life);
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
    set(target, name, value) {
      life.store();
      return Reflect.set(target, name, value);
    },
  });
}

class MortalMemory extends SharedMemory {
  readonly #life: Life;
  constructor(buffer: SharedArrayBuffer, life: Life) {
    super(buffer);
    this.#life = life;
  }
  override store32(a: Addr, value: number): Step<number> {
    this.#life.store();
    return super.store32(a, value);
  }
  override cmpxchg32(a: Addr, expected: number, desired: number): Step<number> {
    this.#life.store();
    return super.cmpxchg32(a, expected, desired);
  }
  override xchg32(a: Addr, value: number): Step<number> {
    this.#life.store();
    return super.xchg32(a, value);
  }
}

class TestWords implements HostWords {
  readonly memory: SharedMemory;
  readonly self: number;
  readonly #clock: { now: number };
  constructor(memory: SharedMemory, self: number, clock: { now: number }) {
    this.memory = memory;
    this.self = self;
    this.#clock = clock;
  }
  waitWord(a: Addr, expected: number): Step<number> {
    if (new Uint32Array(this.memory.buffer)[a >>> 2] !== expected >>> 0) return new Completed(-EAGAIN);
    throw new Asleep();
  }
  wakeWord(): Step<number> {
    return new Completed(0);
  }
  now(): number {
    return ++this.#clock.now;
  }
  launch(): Step<number> {
    return new Completed(0);
  }
  print(): void {}
}

/** One runtime's words, and schedulers of its threads. */
export class Rig {
  readonly layout: ThreadLayout;
  readonly buffer: SharedArrayBuffer;
  readonly board: Board;
  readonly #policy: ThreadPolicy;
  readonly #direct: boolean;
  readonly #clock: { now: number } = { now: 0 };

  constructor(policy: ThreadPolicy, threads: number, cpus: number, direct: boolean) {
    this.#direct = direct;
    this.#policy = policy;
    const objects = { mutexes: 2, semaphores: 2, channels: 2, channelBytes: 64 };
    this.layout = layOutThreads({ threads, cpus, ...objects, policyWords: policy.words({ threads, cpus }) });
    this.buffer = new SharedArrayBuffer(Math.ceil(this.layout.bytes / 8) * 8);
    this.board = new Board(this.layout, policy, new Int32Array(this.buffer), new Float64Array(this.buffer));
    this.#makeObjects();
  }

  /** Semaphores of one permit, channels of one place. */
  #makeObjects(): void {
    const { layout, board } = this;
    for (const number of [0, 1]) {
      const semaphore = layout.semaphores + number * layout.semaphoreWords;
      board.words[semaphore + PERMITS] = 1;
      board.words[semaphore + FREE_PERMITS] = 1;
      const channel = layout.channels + number * CHANNEL_WORDS;
      board.words[channel + CAPACITY] = 1;
      board.words[channel + PLACE_WORDS] = 8;
      board.words[channel + PLACES] = layout.places + number * 8;
    }
  }

  /** Thread number `id` begins on a slot. */
  begin(slot: number, id: number): void {
    const owner = this.as(OWNER);
    const job = new Job(id, 0, { url: "", export: "", args: [slot] }, () => undefined);
    outcomeOf(() => owner.lock());
    assign(owner.board, slot, job, undefined as unknown as MessagePort, owner.words.now());
    owner.board.fill(owner.words.now());
    outcomeOf(() => owner.unlock());
  }

  /** The scheduler as slot `self` has it, with so much life. */
  as(self: number, life: Life = new Life()): Scheduler {
    const board = new Board(
      this.layout,
      this.#policy,
      mortal(new Int32Array(this.buffer), life),
      mortal(new Float64Array(this.buffer), life),
    );
    return new Scheduler(
      new TestWords(new MortalMemory(this.buffer, life), self, this.#clock),
      board,
      0,
      this.#direct,
      0,
    );
  }
}

/** Runs a call until it is over, or sleeps, or its thread dies: what it has come to. */
export function outcomeOf(call: () => Step<unknown>): "over" | "asleep" | "dead" {
  try {
    const coroutine = call()[Symbol.iterator]();
    if (!coroutine.next(RESUME).done) throw new Error("a step that has not happened");
    return "over";
  } catch (thrown) {
    if (thrown instanceof Death) return "dead";
    if (thrown instanceof Asleep) return "asleep";
    throw thrown;
  }
}
