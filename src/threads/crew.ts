/**
 * The Workers of a runtime: started when they are needed, so many at a time, and used again until the runtime is closed.
 *
 * A start is a handshake: a Worker that does not say in time that it is there is terminated, and whoever waited for it is told
 * why.
 */
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { MessageChannel, type MessagePort, type ResourceLimits, Worker } from "node:worker_threads";
import { startQueue } from "../hosts/threads/starts.ts";
import { ThreadError } from "./errors.ts";
import { FIRST_SLOT } from "./layout.ts";
import { READY_MESSAGE, type ThreadStart } from "./messages.ts";

/** A Worker and the owner's end of its port. */
export interface Hand {
  readonly slot: number;
  readonly worker: Worker;
  readonly port: MessagePort;
  /** What it has said went wrong. */
  error: unknown;
}

export interface CrewOptions {
  readonly slots: number;
  readonly startTimeoutMs: number;
  /** How many start at once. */
  readonly starting: number;
  readonly resourceLimits: ResourceLimits | undefined;
  /** What the Worker of a slot is told, but for its port. */
  readonly startOf: (slot: number) => Omit<ThreadStart, "port">;
  /** A Worker is there. */
  readonly onReady: (hand: Hand) => void;
  /** A Worker that was there is gone. */
  readonly onGone: (hand: Hand, exitCode: number) => void;
}

export class Crew {
  readonly hands: Map<number, Hand> = new Map();
  /** To every Worker, those that are starting too: what is posted waits in the port. */
  readonly ports: Set<MessagePort> = new Set();
  readonly #options: CrewOptions;
  readonly #queue: ReturnType<typeof startQueue>;
  readonly #free: number[];
  readonly #workers: Set<Worker> = new Set();

  constructor(options: CrewOptions) {
    this.#options = options;
    this.#queue = startQueue(options.starting);
    this.#free = Array.from({ length: options.slots }, (_, i) => FIRST_SLOT + options.slots - 1 - i);
  }

  /** Workers that have not ended. */
  get size(): number {
    return this.#workers.size;
  }
  /** Is there a slot for another one? */
  get hasRoom(): boolean {
    return this.#free.length > 0;
  }

  /** Throws ERR_OPTION. */
  checkRoom(count: number): void {
    const room = this.#free.length;
    if (Number.isInteger(count) && count >= 0 && count <= room) return;
    throw new ThreadError("ERR_OPTION", `there is room for ${room} more Workers, and not for ${count}`);
  }

  /** Starts a Worker more. Rejects with ERR_THREAD_START; `cause` is what it has thrown. There is room. */
  start(): Promise<Hand> {
    const slot = this.#free.pop()!;
    return this.#queue.add(() => this.#begin(slot));
  }

  /** The slot of a Worker that is gone can be another's. */
  release(slot: number): void {
    this.#free.push(slot);
  }

  /** Ends every Worker wherever it is, and those that are starting. */
  async terminate(): Promise<void> {
    this.#queue.pause();
    await Promise.all([...this.#workers].map((worker) => worker.terminate()));
  }

  #begin(slot: number): Promise<Hand> {
    const { port1, port2 } = new MessageChannel();
    const { resourceLimits, startOf, startTimeoutMs } = this.#options;
    const workerData: ThreadStart = { ...startOf(slot), port: port2 };
    // Beside this file, in the sources as in the package: tsc does not rewrite what is no import.
    const file = `./host-thread${extname(fileURLToPath(import.meta.url))}`;
    const worker = new Worker(new URL(file, import.meta.url), {
      workerData,
      transferList: [port2],
      ...(resourceLimits === undefined ? {} : { resourceLimits }),
    });
    this.#workers.add(worker);
    this.ports.add(port1);
    const hand: Hand = { slot, worker, port: port1, error: undefined };
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        hand.error ??= `it was not there after ${startTimeoutMs} ms`;
        void worker.terminate();
      }, startTimeoutMs);
      worker.on("error", (error) => {
        hand.error ??= error;
      });
      worker.on("message", (message) => {
        if (message !== READY_MESSAGE) return;
        clearTimeout(timer);
        this.hands.set(slot, hand);
        // Threads that are under way keep the process alive, and not Workers that wait to be one.
        worker.unref();
        this.#options.onReady(hand);
        resolve(hand);
      });
      worker.on("exit", (code) => {
        clearTimeout(timer);
        this.#workers.delete(worker);
        // What it has posted last is still in the port.
        if (this.hands.delete(slot)) this.#options.onGone(hand, code);
        else {
          this.release(slot);
          const cause = hand.error ?? `it ended with ${code}`;
          reject(new ThreadError("ERR_THREAD_START", "the Worker of a thread did not start", { cause }));
        }
        this.ports.delete(port1);
        port1.close();
      });
    });
  }
}
