/** What has been spawned and has not ended: waiting for a Worker, or under way in one. */
import type { ThreadErrorCode, ThreadState } from "./errors.ts";
import { ThreadEndError } from "./errors.ts";
import type { WaitReason } from "./layout.ts";

/** What a host thread is to run. */
export interface JobSpec {
  /** The module, TypeScript or JavaScript, as an absolute URL. */
  readonly url: URL | string;
  /** Name of the function it exports: a plain one, which may block. */
  readonly export: string;
  /** What it is called with; cloned, but for numbers, which are cheaper. */
  readonly args?: readonly unknown[];
  /** For the policy. A whole number, default 0. */
  readonly priority?: number;
  /** Kills the thread. */
  readonly signal?: AbortSignal;
  /** For reports. */
  readonly name?: string;
}

export class Job {
  readonly id: number;
  readonly code: number;
  readonly spec: JobSpec;
  readonly promise: Promise<unknown>;
  /** The slot it runs on; 0: it waits for one. */
  slot = 0;
  /** Somebody has killed it, and why. */
  killed: { readonly reason: unknown } | undefined;
  readonly #resolve: (value: unknown) => void;
  readonly #reject: (error: unknown) => void;
  readonly #onAbort: () => void;

  constructor(id: number, code: number, spec: JobSpec, onAbort: () => void) {
    this.id = id;
    this.code = code;
    this.spec = spec;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.promise = promise;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#onAbort = onAbort;
    spec.signal?.addEventListener("abort", onAbort, { once: true });
  }

  resolve(value: unknown): void {
    this.spec.signal?.removeEventListener("abort", this.#onAbort);
    this.#resolve(value);
  }

  fail(code: ThreadErrorCode, state: ThreadState, lastWait: WaitReason, what: string, cause?: unknown): void {
    this.spec.signal?.removeEventListener("abort", this.#onAbort);
    const options = cause === undefined ? {} : { cause };
    const named = this.spec.name === undefined ? what : `"${this.spec.name}" ${what}`;
    this.#reject(new ThreadEndError(code, this.id, state, lastWait, named, options));
  }
}

/** Jobs by age and by slot. */
export class Jobs {
  readonly #all: Map<number, Job> = new Map();
  readonly #bySlot: Map<number, Job> = new Map();
  /** Those that wait for a Worker, the first first. */
  readonly queued: Job[] = [];
  #last = 0;

  nextId(): number {
    return ++this.#last;
  }
  add(job: Job): void {
    this.#all.set(job.id, job);
    this.queued.push(job);
  }
  get(id: number): Job | undefined {
    return this.#all.get(id);
  }
  at(slot: number): Job | undefined {
    return this.#bySlot.get(slot);
  }
  get running(): Iterable<Job> {
    return this.#bySlot.values();
  }
  get runningCount(): number {
    return this.#bySlot.size;
  }
  get count(): number {
    return this.#all.size;
  }
  /** The first that waits begins on `slot`. */
  begin(slot: number): void {
    const job = this.queued.shift()!;
    job.slot = slot;
    this.#bySlot.set(slot, job);
  }
  /** It has ended, or will not begin. */
  remove(job: Job): void {
    this.#all.delete(job.id);
    if (job.slot !== 0) this.#bySlot.delete(job.slot);
    else this.queued.splice(this.queued.indexOf(job), 1);
  }
}
