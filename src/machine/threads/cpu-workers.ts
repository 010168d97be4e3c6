/**
 * The Workers of the CPUs, as main has them: started some at a time, awaited with a deadline, heard, and ended.
 *
 * A CPU whose Worker does not load in time, or at all, does not come up, and why is told: the boot goes on without it. One that
 * dies later takes the machine with it, because the kernel may be in the middle of something.
 */
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { startQueue } from "../../hosts/threads/starts.ts";
import { THREAD_GONE, type VcpuWords } from "../../hosts/threads/vcpu/words.ts";
import type { CpuStart, FromCpu } from "./messages.ts";

/** Who hears what the Workers say. */
export interface Listener {
  hear(cpu: number, message: FromCpu): void;
  /** The Worker has ended: with an error or an exit code. */
  gone(cpu: number, why: string): void;
}

export class CpuWorkers {
  readonly #shared: VcpuWords;
  readonly #listener: Listener;
  readonly #workers: Map<number, Worker> = new Map();
  /** Settled when a Worker has said its last, which is what its CPU has traced. */
  readonly #leaving: Map<number, PromiseWithResolvers<void>> = new Map();
  /** Why CPUs have no Worker. */
  readonly causes: Map<number, string> = new Map();

  constructor(shared: VcpuWords, listener: Listener) {
    this.#shared = shared;
    this.#listener = listener;
  }

  get count(): number {
    return this.#workers.size;
  }

  /** Starts a Worker for each CPU. Resolves when each is loaded, or is not going to be: `causes`. */
  async start(startOf: (cpu: number) => CpuStart, timeoutMs: number): Promise<void> {
    const deadline = AbortSignal.timeout(timeoutMs);
    const queue = startQueue();
    const starts = Array.from({ length: this.#shared.vcpus }, (_, cpu) =>
      queue.add(() => this.#load(startOf(cpu), deadline, timeoutMs)),
    );
    await Promise.all(starts);
  }

  async #load(start: CpuStart, deadline: AbortSignal, timeoutMs: number): Promise<void> {
    const { cpu } = start;
    // Beside this file, in the sources as in the package: tsc does not rewrite what is no import.
    const file = `./cpu-worker${extname(fileURLToPath(import.meta.url))}`;
    const worker = new Worker(new URL(file, import.meta.url), { workerData: start, name: `cpu-${cpu}` });
    this.#workers.set(cpu, worker);
    const leaving = Promise.withResolvers<void>();
    this.#leaving.set(cpu, leaving);
    const { promise, resolve } = Promise.withResolvers<string>();
    worker.on("message", (message: FromCpu) => {
      if (message.kind === "loaded") resolve("");
      else {
        this.#listener.hear(cpu, message);
        if (message.kind === "failed") resolve(message.failure.message);
        if (message.kind === "stopped") leaving.resolve();
      }
    });
    let why = "";
    worker.on("error", (error) => {
      why = String(error);
    });
    worker.on("exit", (code) => {
      this.#workers.delete(cpu);
      leaving.resolve();
      this.#shared.setThread(cpu, THREAD_GONE);
      resolve(why || `exit code ${code}`);
      this.#listener.gone(cpu, why || `exit code ${code}`);
    });
    const late = (): void => resolve(`not loaded within ${timeoutMs} ms`);
    deadline.addEventListener("abort", late, { once: true });
    const cause = await promise;
    deadline.removeEventListener("abort", late);
    if (cause === "") return;
    this.causes.set(cpu, cause);
    await worker.terminate();
  }

  /** Ends every Worker where it is. */
  async terminate(): Promise<void> {
    await Promise.all([...this.#workers.values()].map((worker) => worker.terminate()));
  }

  /** Waits until all Workers have said their last, `timeoutMs` at most. */
  async left(timeoutMs: number): Promise<void> {
    const all = [...this.#leaving.values()].map(({ promise }) => promise);
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, timeoutMs);
    await Promise.race([Promise.all(all), promise]);
    clearTimeout(timer);
  }
}
