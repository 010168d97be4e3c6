/**
 * What the owner of a runtime makes for its threads, by number: mutexes, semaphores, channels. Its own end of a channel is
 * here, too: the same calls as promises, because its event loop must turn.
 *
 * Numbers, because they fit the arguments of a thread, and a word of a report.
 */
import { availableParallelism } from "node:os";
import type { Coroutine } from "../atomics/step.ts";
import { OwnerWords } from "../hosts/threads/owner-words.ts";
import { FOREVER } from "../kernel-sim/times.ts";
import { Board } from "./board.ts";
import { closeChannel, receivePacked, sendPacked } from "./channel-words.ts";
import { nsOf } from "./current.ts";
import { type Received, received, sent } from "./current-sync.ts";
import { ThreadError } from "./errors.ts";
import {
  CAPACITY,
  CHANNEL_WORDS,
  FREE_PERMITS,
  layOutThreads,
  PERMITS,
  PLACE_WORDS,
  PLACES,
  type ThreadSizes,
} from "./layout.ts";
import type { ResolvedOptions } from "./options.ts";
import { pack } from "./packed-values.ts";
import type { ThreadPolicy } from "./policy.ts";
import { Scheduler } from "./scheduler.ts";

export interface ChannelOptions {
  /** Values that are on their way at most, from 1. Default 16. */
  readonly capacity?: number;
  /** Bytes of a value that is no number, serialized, at most. Default 256. */
  readonly valueBytes?: number;
}

/** Looks for the lock: another CPU has it for less than that. */
const LOCK_SPINS: number = availableParallelism() > 1 ? 200 : 0;
const MAX_PERMITS: number = 2 ** 30;

export class ThreadObjects {
  protected readonly options: ResolvedOptions;
  protected readonly sizes: ThreadSizes;
  protected readonly board: Board;
  protected readonly words: OwnerWords;
  protected readonly scheduler: Scheduler;
  protected readonly shared: Int32Array<SharedArrayBuffer>;
  #mutexes = 0;
  #semaphores = 0;
  #channels = 0;
  /** Bytes of places that are some channel's. */
  #placed = 0;
  /** Ends the waits of the owner that are under way. */
  readonly #waits: Set<(error: ThreadError) => void> = new Set();

  constructor(options: ResolvedOptions, policy: ThreadPolicy) {
    this.options = options;
    const { threads, cpus, mutexes, semaphores, channels, channelBytes, spinUs } = options;
    const policyWords = policy.words({ threads, cpus });
    this.sizes = { threads, cpus, mutexes, semaphores, channels, channelBytes, policyWords };
    const layout = layOutThreads(this.sizes);
    const buffer = new SharedArrayBuffer(Math.ceil(layout.bytes / 8) * 8);
    this.shared = new Int32Array(buffer);
    this.board = new Board(layout, policy, this.shared, new Float64Array(buffer));
    this.words = new OwnerWords(buffer, { launch: () => undefined, print: options.print });
    this.scheduler = new Scheduler(this.words, this.board, 1000 * spinUs, false, LOCK_SPINS);
  }

  /** A mutex for `lock` and `unlock` of threads: a number. Throws ERR_OPTION when there are as many as were asked for. */
  mutex(): number {
    if (this.#mutexes < this.options.mutexes) return this.#mutexes++;
    throw noRoom("mutexes", this.#mutexes);
  }

  /** A semaphore for `acquire` and `release` of threads, with so many permits: a number. Throws ERR_OPTION. */
  semaphore(permits: number): number {
    checkNumber("permits", permits, 1, MAX_PERMITS);
    if (this.#semaphores === this.options.semaphores) throw noRoom("semaphores", this.#semaphores);
    const { semaphores, semaphoreWords } = this.board.layout;
    const at = semaphores + this.#semaphores * semaphoreWords;
    this.shared[at + FREE_PERMITS] = permits;
    Atomics.store(this.shared, at + PERMITS, permits);
    return this.#semaphores++;
  }

  /** A channel for `send` and `receive` of threads, and of the owner: a number. Throws ERR_OPTION. */
  channel({ capacity = 16, valueBytes = 256 }: ChannelOptions = {}): number {
    const { channels, channelBytes } = this.options;
    checkNumber("capacity", capacity, 1, 2 ** 24);
    checkNumber("valueBytes", valueBytes, 0, 2 ** 24);
    const placeBytes = 8 + Math.max(8, Math.ceil(valueBytes / 8) * 8);
    if (this.#channels === channels || this.#placed + capacity * placeBytes > channelBytes)
      throw noRoom("channels", this.#channels);
    const { layout } = this.board;
    const at = layout.channels + this.#channels * CHANNEL_WORDS;
    this.shared[at + PLACE_WORDS] = placeBytes / 4;
    this.shared[at + PLACES] = layout.places + this.#placed / 4;
    Atomics.store(this.shared, at + CAPACITY, capacity);
    this.#placed += capacity * placeBytes;
    return this.#channels++;
  }

  /** As `send` of threads. Rejects as that throws, and with ERR_CLOSED when the runtime ends. */
  async send(channel: number, value: unknown, timeoutMs: number = FOREVER): Promise<boolean> {
    const packed = pack(value);
    const ns = nsOf("send", timeoutMs);
    return sent(channel, await this.#waiting(sendPacked(this.scheduler, channel, packed, ns)));
  }

  /** As `receive` of threads. Rejects as `send` does. */
  async receive<T = unknown>(channel: number, timeoutMs: number = FOREVER): Promise<Received<T>> {
    const ns = nsOf("receive", timeoutMs);
    return received(channel, await this.#waiting(receivePacked(this.scheduler, channel, ns)));
  }

  /** As `close` of threads: nothing more is sent. */
  async closeChannel(channel: number): Promise<void> {
    sent(channel, await this.#waiting(closeChannel(this.scheduler, channel)));
  }

  /** The runtime has ended: so have the waits of its owner. */
  protected endWaits(error: ThreadError): void {
    for (const end of this.#waits) end(error);
  }

  async #waiting<T>(call: Coroutine<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#waits.add(reject);
    this.words.run(call).then(resolve, reject);
    try {
      return await promise;
    } finally {
      this.#waits.delete(reject);
    }
  }
}

function noRoom(what: string, count: number): ThreadError {
  return new ThreadError("ERR_OPTION", `there are ${count} ${what}, and no room for more`);
}

function checkNumber(name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new ThreadError(
    "ERR_OPTION",
    `${name} must be a whole number from ${least} to ${most}, got ${value}`,
  );
}
