/**
 * Host threads: blocking JavaScript threads, many of them on few CPUs, under a scheduler of the user's choice.
 *
 * ```ts
 * const threads = await createThreads({ cpus: 2, threads: 100 });
 * const thread = threads.spawn<number>({ url: new URL("./job.ts", import.meta.url), export: "job", args: [7] });
 * const result = await thread.join();
 * await threads.close();
 * ```
 *
 * The isolate that creates a runtime owns it: it starts Workers, collects results, sees Workers die and puts right what they
 * leave (recover.ts). It must let its event loop turn. Threads run, switch, wait and wake each other without it.
 */
import type { MessagePort } from "node:worker_threads";
import type { Coroutine } from "../atomics/step.ts";
import { assign, freeSlot } from "./assign.ts";
import { Codes } from "./codes.ts";
import { Crew, type Hand } from "./crew.ts";
import { DoneWatch } from "./done-watch.ts";
import { ThreadError, type ThreadErrorCode, type ThreadState } from "./errors.ts";
import { policyFailure } from "./guarded-policy.ts";
import { Job, type JobSpec, Jobs } from "./jobs.ts";
import { PHASE, PHASE_ENDED, PHASE_FREE, WAIT_REASONS, WANTED } from "./layout.ts";
import type { ResolvedOptions } from "./options.ts";
import { Overseer } from "./overseer.ts";
import { choiceOf, nameOfPolicy } from "./policies/index.ts";
import type { ThreadPolicy } from "./policy.ts";
import { recover } from "./recover.ts";
import { deliver } from "./results.ts";
import { nameOfState, type ThreadsReport } from "./snapshot.ts";
import { type ThreadControl, ThreadHandle } from "./thread-handle.ts";
import { ThreadObjects } from "./thread-objects.ts";

/** JavaScript threads that may block, on few CPUs: `createThreads` makes it. */
export class HostThreads extends ThreadObjects implements ThreadControl {
  readonly #jobs: Jobs = new Jobs();
  readonly #codes: Codes;
  readonly #crew: Crew;
  readonly #watch: DoneWatch;
  readonly #overseer: Overseer;
  #starting = 0;
  #assigning = false;
  #closed: Promise<void> | undefined;
  #failure: ThreadError | undefined;
  #drained: (() => void)[] = [];

  /** Use `createThreads`. */
  constructor(options: ResolvedOptions, policy: ThreadPolicy) {
    super(options, policy);
    this.#codes = new Codes((code) => {
      for (const port of this.#crew.ports) port.postMessage({ kind: "code", code });
    });
    this.#crew = new Crew({
      slots: options.threads,
      startTimeoutMs: options.startTimeoutMs,
      starting: options.cpus,
      resourceLimits: options.resourceLimits,
      startOf: (slot) => ({
        buffer: this.shared.buffer,
        sizes: this.sizes,
        policy: choiceOf(options.policy),
        slot,
        spinNs: this.scheduler.spinNs,
        lockSpins: this.scheduler.lockSpins,
        codes: this.#codes.all,
      }),
      onReady: ({ slot }) => Atomics.store(this.shared, this.board.record(slot) + PHASE, PHASE_FREE),
      onGone: (hand, exitCode) => void this.#bury(hand, exitCode),
    });
    this.#watch = new DoneWatch(this.shared, options.spinUs / 1000, () => this.#collect());
    this.#overseer = new Overseer(this.scheduler, options, {
      run: (body) => this.words.run(body),
      stuck: (failure) => this.#checkPolicy(failure),
    });
  }

  /** Starts Workers ahead of their threads. Rejects with ERR_THREAD_START, ERR_OPTION. */
  async prewarm(count: number): Promise<void> {
    this.#crew.checkRoom(count);
    await Promise.all(Array.from({ length: count }, () => this.#crew.start()));
  }

  /** Spawns a thread. Throws ERR_CLOSED, ERR_POLICY, ERR_OPTION. */
  spawn<T = unknown>(spec: JobSpec): ThreadHandle<T> {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#closed !== undefined) throw new ThreadError("ERR_CLOSED", "the runtime is closed");
    const id = this.#jobs.nextId();
    const code = this.#codes.numberOf(spec.url, spec.export);
    const job = new Job(id, code, spec, () => this.kill(id, spec.signal?.reason));
    this.#jobs.add(job);
    const handle = new ThreadHandle<T>(id, this, job.promise as Promise<T>);
    if (spec.signal?.aborted) this.kill(id, spec.signal.reason);
    else this.#assign();
    return handle;
  }

  /** A number for a function, for `call` of threads. Throws ERR_OPTION. */
  define(url: URL | string, name: string): number {
    return this.#codes.numberOf(url, name);
  }

  /** Workers that have not ended. */
  get workers(): number {
    return this.#crew.size;
  }

  /** What is going on. */
  report(): ThreadsReport {
    return this.#overseer.report((id) => this.#jobs.get(id)?.spec.name);
  }

  /** Resolves when every thread has ended that was spawned by then. */
  drain(): Promise<void> {
    if (this.#jobs.count === 0) return Promise.resolve();
    return new Promise((resolve) => this.#drained.push(resolve));
  }

  /** Ends every thread wherever it is: their joins reject with ERR_CLOSED. Returns when no Worker is left. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    this.#overseer.stop();
    this.endWaits(this.#failure ?? new ThreadError("ERR_CLOSED", "the runtime is closed"));
    for (const job of [...this.#jobs.queued])
      this.#drop(job, this.#failure?.code ?? "ERR_CLOSED", "was not begun", this.#failure);
    await this.#crew.terminate();
    this.#watch.stop();
  }

  kill(thread: number, reason: unknown): void {
    const job = this.#jobs.get(thread);
    if (job === undefined || job.killed !== undefined) return;
    job.killed = { reason };
    if (job.slot === 0) this.#drop(job, "ERR_THREAD_KILLED", "was killed", reason);
    else void this.#crew.hands.get(job.slot)?.worker.terminate();
  }

  unpark(thread: number): Promise<boolean> {
    return this.words.run(this.scheduler.unpark(thread));
  }
  cancel(thread: number): Promise<boolean> {
    const job = this.#jobs.get(thread);
    if (job?.slot !== 0) return this.words.run(this.scheduler.cancel(thread));
    this.#drop(job, "ERR_THREAD_CANCELLED", "was cancelled");
    return Promise.resolve(true);
  }
  kick(thread: number): Promise<boolean> {
    return this.words.run(this.scheduler.kick(thread));
  }
  stateOf(thread: number): ThreadState {
    const job = this.#jobs.get(thread);
    if (job === undefined) return "ended";
    return job.slot === 0 ? "queued" : nameOfState(this.board, job.slot);
  }

  /** A policy that has failed, or is stuck, ends the runtime. */
  #checkPolicy(stuck?: ThreadError): void {
    const failure = stuck ?? policyFailure(this.board, nameOfPolicy(choiceOf(this.options.policy)));
    if (failure === undefined || this.#failure !== undefined) return;
    this.#failure = failure;
    this.options.print(`host threads are ended: ${failure.message}`);
    void this.close();
  }

  #drop(job: Job, code: ThreadErrorCode, what: string, cause?: unknown): void {
    this.#remove(job);
    // The last one that was waited for need not have been under way.
    if (this.#jobs.count === 0) this.#watch.ring();
    job.fail(code, "queued", "none", what, cause);
  }

  #remove(job: Job): void {
    this.#jobs.remove(job);
    if (this.#jobs.count > 0) return;
    for (const resolve of this.#drained.splice(0)) resolve();
  }

  /** Gives jobs that wait to Workers that wait, and starts more of these. */
  #assign(): void {
    // One that waits for the lock takes those along that have come meanwhile.
    if (this.#assigning) return;
    this.#assigning = true;
    void this.words.run(this.#assignAll());
  }

  *#assignAll(): Coroutine<void> {
    yield* this.scheduler.lock();
    // Before it looks: a Worker that comes free from then on is announced.
    Atomics.store(this.shared, WANTED, this.#jobs.queued.length);
    let begun = false;
    for (let slot = freeSlot(this.board); slot !== 0; slot = freeSlot(this.board)) {
      const job = this.#jobs.queued[0];
      if (job === undefined) break;
      assign(this.board, slot, job, this.#crew.hands.get(slot)!.port, this.words.now());
      this.#jobs.begin(slot);
      begun = true;
    }
    Atomics.store(this.shared, WANTED, this.#jobs.queued.length);
    this.board.fill(this.words.now());
    yield* this.scheduler.unlock();
    this.#assigning = false;
    this.#checkPolicy();
    const waits = this.#jobs.queued.length > 0;
    // One that waits, too: it may be for a Worker of threads that are nobody's, of which only the bell tells.
    if (begun || waits) this.#watch.watch(begun && this.#jobs.runningCount === 1);
    if (waits) this.#startMore();
  }

  #startMore(): void {
    for (; this.#crew.hasRoom && this.#starting < this.#jobs.queued.length; ) {
      if (this.#closed !== undefined) return;
      this.#starting++;
      this.#crew.start().then(
        () => this.#started(),
        (error) => this.#started(error),
      );
    }
  }

  #started(error?: unknown): void {
    this.#starting--;
    const first = this.#jobs.queued[0];
    if (error !== undefined && first !== undefined)
      this.#drop(first, "ERR_THREAD_START", "has no Worker", error);
    if (this.#jobs.queued.length > 0) this.#assign();
  }

  /** Takes the results of threads that have ended. False: no job is under way, or waits. */
  #collect(): boolean {
    for (const job of this.#jobs.running) {
      const word = this.board.record(job.slot) + PHASE;
      if (Atomics.load(this.shared, word) !== PHASE_ENDED) continue;
      this.#take(job, this.#crew.hands.get(job.slot)!.port);
      Atomics.store(this.shared, word, PHASE_FREE);
    }
    this.#checkPolicy();
    if (this.#jobs.queued.length > 0) this.#assign();
    return this.#jobs.count > 0;
  }

  #take(job: Job, port: MessagePort): void {
    this.#remove(job);
    deliver(this.board, job, port);
  }

  /** A Worker is gone. Its thread, if it was one, will not say so. */
  async #bury(hand: Hand, exitCode: number): Promise<void> {
    const { slot } = hand;
    const job = this.#jobs.at(slot);
    if (job !== undefined && this.board.words[this.board.record(slot) + PHASE] === PHASE_ENDED)
      this.#take(job, hand.port);
    const mourned = this.#jobs.at(slot);
    if (this.#closed !== undefined) {
      if (mourned === undefined) return;
      this.#remove(mourned);
      const code = this.#failure?.code ?? "ERR_CLOSED";
      const was = nameOfState(this.board, slot);
      mourned.fail(code, was, "none", "was ended: the runtime is closed", this.#failure);
      return;
    }
    const { state, reason } = await this.words.run(recover(this.scheduler, slot));
    this.#crew.release(slot);
    if (mourned !== undefined) {
      this.#remove(mourned);
      const [code, what] =
        mourned.killed === undefined
          ? (["ERR_THREAD_DIED", `died: its Worker ended with ${exitCode}`] as const)
          : (["ERR_THREAD_KILLED", "was killed"] as const);
      const cause = mourned.killed === undefined ? hand.error : mourned.killed.reason;
      mourned.fail(code, nameOfState(this.board, slot, state), WAIT_REASONS[reason]!, what, cause);
    }
    this.#watch.ring();
    if (this.#jobs.queued.length > 0) this.#assign();
  }
}
