/**
 * The kernel as a library: `boot()` starts it, and its system calls are functions.
 *
 * ```ts
 * const lib = await boot();
 * const fd = await lib.promises.pipe();
 * new Worker(url, { workerData: lib.handle }); // there: connect(workerData).syscall.read(fd, ...)
 * await lib.halt();
 * ```
 *
 * The kernel lives in a thread of its own, and callers reach it through mailboxes: a server, and not what LKL does, whose
 * callers run the kernel themselves. docs/lkl.md says what of the kernel's state is in the way of that.
 */
import { once } from "node:events";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import type { Coroutine } from "../atomics/step.ts";
import type { Known } from "../diagnostics/known-options.ts";
import { OwnerWords } from "../hosts/threads/index.ts";
import { checkNames } from "../kernel-sim/errors.ts";
import { closeGate } from "../kernel-sim/lkl/cpu/entry-gate.ts";
import { fetchAdd } from "../kernel-sim/lkl/host/words.ts";
import { MACHINE_OPTIONS, type MachineConfig } from "../machine.ts";
import {
  type CallTable,
  type Connection,
  connect,
  type SharedViews,
  tableOf,
  viewsOf,
} from "./connection.ts";
import { LibraryError } from "./errors.ts";
import {
  BELL,
  type CallArguments,
  callKernel,
  claimMailbox,
  DEAD,
  DIED,
  freeMailbox,
  GATE,
  mailboxBytes,
} from "./mailbox.ts";
import type { FromKernel, HaltReport, KernelStart, LibraryHandle } from "./messages.ts";
import { cancelCalls } from "./syscall-device.ts";

/** The machine, and how many call it at once. */
export interface BootOptions {
  /** Threads that are connected, and promises that are under way, at once. Default 64. */
  readonly callers?: number;
  /** The machine. Its profile is "ideal" unless given: calls take no virtual time. `sharedMemory` is set. */
  readonly machine?: Omit<MachineConfig, "sharedMemory">;
  /** How long the kernel's thread may take to come up, ms. Default 20 000. */
  readonly timeoutMs?: number;
}

const NAMES: Known<BootOptions> = { callers: true, machine: true, timeoutMs: true };

/** The system calls as promises. */
export type LibraryPromises = CallTable<Promise<number>>;

/** A kernel that is up, on a thread of its own. Made by `boot`. */
export class Library implements SharedViews {
  /** For other threads: `connect(handle)`. */
  readonly handle: LibraryHandle;
  readonly words: Int32Array<SharedArrayBuffer>;
  readonly bytes: (a: number, length: number) => Uint8Array<SharedArrayBuffer>;
  /** The calls as promises, which do not hold up the event loop. Each is made by whichever task is free. */
  readonly promises: LibraryPromises;
  readonly #words: OwnerWords;
  readonly #worker: Worker;
  readonly #ended: Promise<void>;
  #report: HaltReport | undefined;
  #failure: unknown;

  /** Use `boot`. */
  constructor(handle: LibraryHandle, worker: Worker, ended: Promise<void>) {
    this.handle = handle;
    this.#worker = worker;
    this.#ended = ended;
    this.#words = wordsOf(handle.mailboxes);
    const { words, bytes } = viewsOf(handle.memory);
    this.words = words;
    this.bytes = bytes;
    this.promises = tableOf((call, args) => this.#words.run(this.#call(call, args)));
    worker.on("message", (message: FromKernel) => {
      if (message.kind === "halted") this.#report = message.report;
    });
    worker.on("error", (error) => {
      this.#failure = error;
    });
    worker.on("exit", () => this.#bury());
  }

  /** The calling thread's own connection: its calls block, on the main thread too. Throws ERR_NO_SLOT. */
  connect(): Connection {
    return connect(this.handle);
  }

  /**
   * Ends the kernel: calls under way, and all later ones, end with ERR_HALTED. Idempotent. Rejects with ERR_KERNEL_DIED when
   * the kernel has died before or dies of it.
   */
  async halt(): Promise<HaltReport> {
    await this.#words.run(closeGate(this.#words, GATE));
    await this.#words.run(ring(this.#words));
    await this.#ended;
    if (this.#report !== undefined) return this.#report;
    throw new LibraryError("ERR_KERNEL_DIED", "the kernel's thread has died", { cause: this.#failure });
  }

  /** Ends the kernel's thread where it is: a power cut. Calls end with ERR_KERNEL_DIED. */
  async terminate(): Promise<void> {
    await this.#worker.terminate();
    await this.#ended;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#report === undefined && this.#failure === undefined
      ? this.halt().then(() => undefined)
      : this.#ended;
  }

  *#call(call: number, args: CallArguments): Coroutine<number> {
    const { callers } = this.handle;
    const caller = yield* claimMailbox(this.#words, callers);
    try {
      return yield* callKernel(this.#words, caller, call, args);
    } finally {
      yield* freeMailbox(this.#words, caller);
    }
  }

  /** The kernel's thread is gone. Unless it has halted, there are callers to be told. */
  #bury(): void {
    if (this.#report !== undefined) return;
    const { mailboxes, callers } = this.handle;
    const words = new Int32Array(mailboxes);
    // First: who posts after the others have been told finds this.
    Atomics.store(words, DEAD >> 2, 1);
    cancelCalls(words, callers, DIED);
    void this.#words.run(closeGate(this.#words, GATE));
  }
}

/** Starts a kernel. Rejects with ERR_BOOT, whose `cause` is what went wrong: ERR_CONFIG of the machine, for example. */
export async function boot(options: BootOptions = {}): Promise<Library> {
  checkNames(options, NAMES);
  checkNames(options.machine ?? {}, MACHINE_OPTIONS, "machine");
  const { callers = 64, machine = {}, timeoutMs = 20_000 } = options;
  const mailboxes = new SharedArrayBuffer(mailboxBytes(callers));
  const start: KernelStart = { mailboxes, callers, config: machine };
  // Beside this file, in the sources as in the package.
  const file = `./kernel-thread${extname(fileURLToPath(import.meta.url))}`;
  const worker = new Worker(new URL(file, import.meta.url), { workerData: start });
  const ended = new Promise<void>((resolve) => worker.once("exit", () => resolve()));
  try {
    const memory = await memoryOf(worker, timeoutMs);
    return new Library({ mailboxes, callers, memory }, worker, ended);
  } catch (cause) {
    await worker.terminate();
    throw new LibraryError("ERR_BOOT", "the kernel's thread did not come up", { cause });
  }
}

/** The memory of the machine, when its thread says that it is up. */
async function memoryOf(worker: Worker, timeoutMs: number): Promise<SharedArrayBuffer> {
  const timeout = AbortSignal.timeout(timeoutMs);
  // Rejects with what the thread throws, and when it is late.
  const [message] = (await Promise.race([
    once(worker, "message", { signal: timeout }),
    once(worker, "exit", { signal: timeout }),
  ])) as [FromKernel | number];
  if (typeof message === "number") throw new Error(`it has ended with ${message}`);
  if (message.kind !== "booted") throw new Error(`it says ${message.kind}`);
  return message.memory;
}

function* ring(words: OwnerWords): Coroutine<void> {
  yield* fetchAdd(words.memory, BELL, 1);
  yield* words.wakeWord(BELL, 1);
}

function wordsOf(buffer: SharedArrayBuffer): OwnerWords {
  const refuse = (): never => {
    throw new Error("a kernel in a library starts no threads");
  };
  return new OwnerWords(buffer, { launch: refuse, print: refuse });
}
