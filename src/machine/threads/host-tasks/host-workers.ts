/**
 * The Workers of host threads, as main has them: all started before the machine runs, some at a time, with a deadline and a
 * cause; heard; buried when they are gone; and ended.
 *
 * A Worker takes 20 to 40 ms to start, so more at once than there are CPUs would only make each late.
 */
import { availableParallelism } from "node:os";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { messageOf } from "../../../diagnostics/text-of.ts";
import {
  ACTIVITY_BLOCKS,
  ACTIVITY_ENDED,
  type DeathState,
  EVENT_GONE,
  HostTaskWords,
  TURN_USER,
} from "../../../hosts/threads/vcpu/host-task-words.ts";
import { ATT_HOST, type VcpuWords } from "../../../hosts/threads/vcpu/words.ts";
import { WAIT_HOST_THREAD, waitReason } from "../../../kernel-sim/constants.ts";
import { MachineError } from "../../../kernel-sim/errors.ts";
import type { Kernel } from "../../../kernel-sim/kernel.ts";
import type { ThreadMachineConfig } from "../config.ts";
import type { FromCpu } from "../messages.ts";
import { unpackError } from "./errors.ts";
import type { FromHostThread, HostJob, HostStart } from "./jobs.ts";

const REPLACE_TIMEOUT_MS = 20_000;

type Thrown = Extract<FromCpu, { readonly kind: "host-threw" }>;

/** A host thread that has ended without a result. */
export interface HostDeath {
  /** Number of its task; 0: it had not run. */
  readonly tid: number;
  readonly name: string;
  readonly state: DeathState;
  /** Why it was not running, if it was not; else why it was not before. */
  readonly lastWait: string;
  /** What it threw, or what became of its Worker. */
  readonly cause: unknown;
}

export class HostWorkers {
  readonly deaths: HostDeath[] = [];
  readonly words: HostTaskWords;
  /** By slot: what its Worker does, or did last. */
  readonly #jobs: Map<number, HostJob> = new Map();
  readonly #kernel: Kernel;
  readonly #shared: VcpuWords;
  readonly #config: ThreadMachineConfig;
  /** By slot. */
  readonly #workers: Map<number, Worker> = new Map();
  /** Slots whose tasks are over already, or are to be killed. */
  readonly #asked: Set<number> = new Set();
  /** By slot: why a Worker was ended. */
  readonly #why: Map<number, string> = new Map();
  /** The first slot that has had no Worker. */
  #next = 0;
  #ended = false;

  /** Throws ERR_CONFIG. */
  constructor(kernel: Kernel, shared: VcpuWords, config: ThreadMachineConfig) {
    const { maxHostTasks = 64 } = config;
    if (!(Number.isInteger(maxHostTasks) && maxHostTasks >= 0 && maxHostTasks <= 4096))
      throw new MachineError("ERR_CONFIG", `maxHostTasks is a whole number up to 4096, got ${maxHostTasks}`);
    this.#kernel = kernel;
    this.#shared = shared;
    this.#config = config;
    this.words = new HostTaskWords(HostTaskWords.create(maxHostTasks));
  }

  get count(): number {
    return this.#workers.size;
  }

  /** What set-up code has asked for. */
  learn(jobs: readonly HostJob[]): void {
    for (const job of jobs) this.#jobs.set(job.slot, job);
  }

  /**
   * Starts a Worker for each that set-up code has asked for, and the spares. Rejects with ERR_IMAGE when one does not load in time,
   * or at all, ERR_CONFIG.
   */
  async start(timeoutMs: number): Promise<void> {
    const { hostSpares = 0 } = this.#config;
    const count = this.#jobs.size + hostSpares;
    if (!(Number.isInteger(hostSpares) && hostSpares >= 0 && count <= this.words.slots))
      throw new MachineError("ERR_CONFIG", `hostSpares: ${hostSpares} do not fit beside ${this.#jobs.size}`);
    const some = async (): Promise<void> => {
      while (this.#next < count && !this.#ended) await this.#load(this.#next++, timeoutMs);
    };
    await Promise.all(Array.from({ length: Math.max(2, availableParallelism()) }, some));
  }

  async #load(slot: number, timeoutMs: number): Promise<void> {
    const { hostLimits } = this.#config;
    const job = this.#jobs.get(slot);
    const name = job?.name ?? `host-${slot}`;
    // Beside this file, in the sources as in the package: tsc does not rewrite what is no import.
    const file = `./host-worker${extname(fileURLToPath(import.meta.url))}`;
    const worker = new Worker(new URL(file, import.meta.url), {
      workerData: this.#startOf(slot, job),
      name,
      ...(hostLimits === undefined ? {} : { resourceLimits: hostLimits }),
    });
    this.#workers.set(slot, worker);
    const { promise, resolve } = Promise.withResolvers<unknown>();
    worker.on("message", (message: FromHostThread) => {
      if (message.kind === "loaded") resolve(undefined);
      else this.#config.onMessage?.(message.value, message.cpu);
    });
    let why: unknown;
    worker.on("error", (error) => {
      why = error;
    });
    worker.on("exit", (code) => {
      this.#workers.delete(slot);
      why ??= this.#why.get(slot) ?? `exit code ${code}`;
      resolve(why);
      this.#gone(slot, why);
    });
    const timer = setTimeout(() => resolve(`it has not loaded within ${timeoutMs} ms`), timeoutMs);
    const cause = await promise;
    clearTimeout(timer);
    if (cause === undefined) {
      this.words.use(slot);
      return;
    }
    const what = messageOf(cause);
    const which = job === undefined ? name : `${name} (${job.url})`;
    throw new MachineError("ERR_IMAGE", `host thread ${which} did not start: ${what}`, { cause });
  }

  #startOf(slot: number, job: HostJob | undefined): HostStart {
    const { buffer, config } = this.#kernel;
    const hostAt = this.#shared.words.byteOffset;
    return { slot, job, buffer: buffer as SharedArrayBuffer, hostAt, words: this.words.buffer, config };
  }

  /** A task has started one on a Worker that was free. If that is gone, the task will find out. */
  post(job: HostJob): void {
    this.#jobs.set(job.slot, job);
    this.#workers.get(job.slot)?.postMessage(job);
  }

  /** The Worker is gone: its task hears of it, whatever it is doing. */
  #gone(slot: number, cause: unknown): void {
    const { words } = this;
    if (this.#ended) return;
    const tid = words.tid(slot);
    const asked = this.#asked.has(slot);
    // Of one that has come to its end, or of a task that was killed, there is nothing more to say.
    if (words.isTaken(slot) && words.activity(slot) !== ACTIVITY_ENDED && !(asked && tid === 0)) {
      const state = this.#stateOf(slot);
      // A call that blocks may be over, with its thread, before the CPU has taken note of it.
      const reason = state === "blocking" ? WAIT_HOST_THREAD : this.#kernel.tasks.waitReason(tid);
      const name = this.#jobs.get(slot)?.name ?? `host-${slot}`;
      if (!asked) this.deaths.push({ tid, name, state, lastWait: waitReason(reason), cause });
      words.setDeath(slot, state, reason, messageOf(cause));
    }
    words.bury(slot);
    words.announce(slot, EVENT_GONE);
    this.#shared.ring(words.home(slot), ATT_HOST);
    this.#replace();
  }

  /** Where there are spares, one that is gone has a successor: in another slot, because the dead are remembered by theirs. */
  #replace(): void {
    const { hostSpares = 0, loadTimeoutMs = REPLACE_TIMEOUT_MS } = this.#config;
    if (hostSpares === 0 || this.#next >= this.words.slots) return;
    // It does without, if it does not start.
    this.#load(this.#next++, loadTimeoutMs).catch(() => undefined);
  }

  #stateOf(slot: number): DeathState {
    const { words } = this;
    if (words.turn(slot) === TURN_USER) return "running";
    return words.activity(slot) === ACTIVITY_BLOCKS ? "blocking" : "waiting";
  }

  /** A function has thrown, and its task ends as if killed. */
  threw({ tid, name, wait, error }: Thrown): void {
    const cause = unpackError(error);
    this.deaths.push({ tid, name, state: "running", lastWait: waitReason(wait), cause });
  }

  /** The task of a slot is over, or is to be: its Worker ends where it is. */
  end(slot: number): void {
    this.#asked.add(slot);
    this.#why.set(slot, "its task was killed");
    void this.#workers.get(slot)?.terminate();
  }
  /** Ends the Worker of a task where it is. False: there is none. */
  endOf(tid: number): boolean {
    let slot = this.words.used - 1;
    while (slot >= 0 && (tid === 0 || this.words.tid(slot) !== tid)) slot--;
    const worker = this.#workers.get(slot);
    if (worker === undefined || !this.words.doomOf(slot, tid)) return false;
    this.#why.set(slot, "it was ended by endHost");
    void worker.terminate();
    return true;
  }

  /** Ends every Worker where it is. */
  async terminate(): Promise<void> {
    this.#ended = true;
    await Promise.all([...this.#workers.values()].map((worker) => worker.terminate()));
  }
}
