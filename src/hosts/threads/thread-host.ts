/**
 * Host operations on real threads: the isolate that boots a host owns its threads, each a Worker over the shared buffer.
 *
 * The owner starts threads when asked (by a message: only it can, see worker-words.ts), and tells the records when one has
 * gone: a Worker that is terminated, runs out of memory or calls process.exit ends its thread with THREAD_DIED, so that who
 * joins it is told instead of waiting for ever. It must let its event loop run; a thread that cannot be started in time
 * fails with -ETIMEDOUT, and says so to its creator.
 */
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import type { Coroutine } from "../../atomics/step.ts";
import { completeImage, Operations } from "../../kernel-sim/lkl/host/create-operations.ts";
import { type HostImage, THREAD_DIED } from "../../kernel-sim/lkl/host/host-operations.ts";
import { type HostLayout, type HostSizes, layOutHost } from "../../kernel-sim/lkl/host/layout.ts";
import { endThread, slotState, threadLives } from "../../kernel-sim/lkl/host/threads.ts";
import { type Berth, makeBerth, occupant, occupy } from "./berth.ts";
import type { FromThread, ThreadStart } from "./messages.ts";
import { OwnerWords } from "./owner-words.ts";
import { runToEnd } from "./run-to-end.ts";

export interface ThreadHostOptions {
  /** URL of the module that exports `image: HostImage`, TypeScript or JavaScript: each thread loads it. */
  readonly image: URL;
  readonly sizes?: Partial<HostSizes>;
  /** Bytes of shared memory below those of the host, from address 64, for the program. */
  readonly programBytes?: number;
  /** Runs on the owner when a thread has died, before who joins it is told and its slot can be another's. */
  readonly reap?: (host: Operations, slot: number) => Coroutine<void>;
  readonly print?: (text: string) => void;
}

/** First address of the program's own words. */
export const PROGRAM_BASE = 64;

const CLOSE_TIMEOUT_NS = 5e9;

export class ThreadHost {
  readonly buffer: SharedArrayBuffer;
  readonly layout: HostLayout;
  /** The operations of the owner. Run what they give with `run`. */
  readonly host: Operations;
  readonly #words: OwnerWords;
  readonly #options: ThreadHostOptions;
  readonly #workers: Map<Worker, Berth> = new Map();
  #panic: unknown;

  private constructor(options: ThreadHostOptions, image: HostImage) {
    const base = PROGRAM_BASE + Math.ceil((options.programBytes ?? 0) / 64) * 64;
    this.#options = options;
    this.layout = layOutHost(base, options.sizes);
    this.buffer = new SharedArrayBuffer(this.layout.end);
    this.#words = new OwnerWords(this.buffer, {
      launch: (slot) => this.#launch(slot),
      print: (text) => this.#print(text),
    });
    this.host = new Operations(this.#words, this.layout, completeImage(image));
  }

  /** Loads the image and boots. Rejects with ERR_HOST_LAYOUT, and with what loading the image throws. */
  static async boot(options: ThreadHostOptions): Promise<ThreadHost> {
    const { image } = (await import(options.image.href)) as { readonly image: HostImage };
    const host = new ThreadHost(options, image);
    await host.run(host.host.boot());
    return host;
  }

  /** Runs a coroutine on the owner, without blocking its event loop. Rejects with what it throws, or a thread's panic. */
  async run<T>(coroutine: Coroutine<T>): Promise<T> {
    const result = await this.#words.run(coroutine);
    if (this.#panic !== undefined) throw this.#panic;
    return result;
  }

  /** Workers that have not ended, idle ones included. */
  get workers(): number {
    return this.#workers.size;
  }

  /** Ends the timer thread in order, and every other thread wherever it is. Returns when no Worker is left. */
  async close(): Promise<void> {
    await this.#words.run(this.host.close(CLOSE_TIMEOUT_NS));
    await this.terminate();
  }

  /** Ends every thread wherever it is. */
  async terminate(): Promise<void> {
    await Promise.all([...this.#workers.keys()].map((worker) => worker.terminate()));
  }

  #launch(slot: number): void {
    const state = runToEnd(slotState(this.#words, this.layout, slot));
    for (const berth of this.#workers.values()) if (occupy(berth, slot, state)) return;
    const berth = makeBerth(slot, state);
    const start: ThreadStart = {
      buffer: this.buffer,
      base: this.layout.heapLock,
      sizes: this.layout.sizes,
      image: this.#options.image.href,
      berth,
    };
    // Beside this file, in the sources as in the package: tsc does not rewrite what is no import.
    const file = `./thread${extname(fileURLToPath(import.meta.url))}`;
    const worker = new Worker(new URL(file, import.meta.url), { workerData: start });
    this.#workers.set(worker, berth);
    worker.on("message", (message: FromThread) => this.#hear(message));
    worker.on("error", (error) => {
      if (error instanceof Error && "code" in error && error.code === "ERR_HOST_PANIC") this.#panic ??= error;
      this.#print(`the Worker of a host thread failed: ${String(error)}`);
    });
    worker.on("exit", () => {
      this.#workers.delete(worker);
      const thread = occupant(berth);
      if (thread !== undefined) void this.#words.run(this.#bury(thread.slot, thread.state));
    });
  }

  /** The Worker of a thread is gone. If the thread has not said so itself, somebody has to. */
  *#bury(slot: number, state: number): Coroutine<void> {
    if (!(yield* threadLives(this.#words, this.layout, slot, state))) return;
    const { reap } = this.#options;
    // Before: the slot may be another's as soon as its record says that it has ended.
    if (reap !== undefined) yield* reap(this.host, slot);
    yield* endThread(this.#words, this.layout, slot, state, THREAD_DIED);
  }

  #hear(message: FromThread): void {
    if (message.kind === "launch") this.#launch(message.slot);
    else this.#print(message.text);
  }

  #print(text: string): void {
    this.#options.print?.(text);
  }
}
