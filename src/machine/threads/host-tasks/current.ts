/**
 * What a host thread can do: plain functions that block. They are about the thread that calls them, of which there is one in an
 * isolate.
 *
 * ```ts
 * import { blocking, memory, safepoint, sys } from "umcg/threads-host";
 * export function job(word: number, path: string): void {
 *   const text = blocking(() => readFileSync(path, "utf8")); // meanwhile its CPU is for others
 *   memory.store32(word, text.length);
 *   sys.futexWake(word, 1);
 * }
 * ```
 */
import type { Target, WorkerOptions } from "../../../worker/worker.ts";
import {
  type HostCalls,
  type HostWorkerCalls,
  SYSTEM_CALLS,
  systemCall,
  WORKER_CALLS,
  workerCall,
} from "./calls.ts";
import { HostTaskError } from "./errors.ts";
import type { HostMemory } from "./host-memory.ts";
import type { HostThread } from "./host-thread.ts";
import type { HostSpec, HostTaskOptions } from "./jobs.ts";

let current: HostThread | undefined;

/** A thread begins on this isolate, or, undefined, has ended. */
export function setCurrent(thread: HostThread | undefined): void {
  current = thread;
}

function self(): HostThread {
  if (current !== undefined) return current;
  throw new HostTaskError(
    "ERR_NOT_HOST_TASK",
    "this function is for host threads, while they run, and not in what `blocking` calls",
  );
}

function tableOf<T>(names: readonly (keyof T & string)[], numberOf: (name: keyof T & string) => number): T {
  const entries = names.map((name) => {
    const call = numberOf(name);
    return [name, (...args: (number | undefined)[]) => self().call(call, args)] as const;
  });
  return Object.fromEntries(entries) as T;
}

/** The system calls, as functions that return when they are done: a result, or a negated errno. */
export const sys: HostCalls = tableOf<HostCalls>(SYSTEM_CALLS, systemCall);

/** The memory of the machine, by address. */
export const memory: HostMemory = new Proxy({} as HostMemory, {
  get: (_, name) => {
    const { memory: own } = self();
    const member: unknown = Reflect.get(own, name);
    return typeof member === "function" ? member.bind(own) : member;
  },
});

const calls: HostWorkerCalls = tableOf<HostWorkerCalls>(WORKER_CALLS, workerCall);

/** What a worker of a runtime can do, as `Worker` says. Throws ERR_NOT_A_WORKER for other host tasks. */
export const worker = {
  /** This worker, for others to unpark, cancel or join. */
  target(): Required<Target> {
    return { record: calls.record(), generation: calls.generation() } as Required<Target>;
  },
  /** Starts another on a thread of its own. Throws ERR_NO_HOST_THREAD, as `spawnHost` does. */
  spawnHost: (spec: HostSpec, options: WorkerOptions = {}): Required<Target> => {
    const [record, generation] = self().spawn({ spec: plain(spec), options }, true);
    return { record, generation } as Required<Target>;
  },
  park: (): boolean => calls.park() !== 0,
  /** False: timed out. Throws ERR_CANCELLED, as every wait here. */
  parkUntil: (deadlineNs: number): boolean => calls.parkUntil(deadlineNs) !== 0,
  unpark: ({ record, generation }: Target): boolean => calls.unpark(record, generation) !== 0,
  yield: (): void => void calls.yield(),
  checkpoint: (): void => void calls.checkpoint(),
  sleep: (ns: number): void => void calls.sleepUntil(self().now() + ns),
  sleepUntil: (deadlineNs: number): void => void calls.sleepUntil(deadlineNs),
  cancel: ({ record, generation }: Target): boolean => calls.cancel(record, generation) !== 0,
  isCancelled: (): boolean => calls.isCancelled() !== 0,
  setPriority: (priority: number): void => void calls.setPriority(priority),
  setDeadline: (atNs: number): void => void calls.setDeadline(atNs),
  /** Waits until a worker has ended: the number that it returned, or nothing. Throws as `Worker.join` does. */
  join: (target: Required<Target>): number | undefined => worker.joinUntil(target, Number.POSITIVE_INFINITY),
  joinUntil: ({ record, generation }: Required<Target>, deadlineNs: number): number | undefined => {
    const result = calls.joinUntil(record, generation, deadlineNs);
    return Number.isNaN(result) ? undefined : result;
  },
} as const;

/** Gives way if the kernel or a server has asked for it. For code that computes for long: nothing else can interrupt it. */
export function safepoint(): void {
  self().safepoint();
}

/**
 * Runs `call`, which may block the thread: files, `Atomics.wait`, child processes. The task sleeps in the kernel meanwhile, its
 * CPU is somebody else's, and `call` must not use these functions. What it returns or throws.
 */
export function blocking<T>(call: () => T): T {
  const thread = self();
  thread.beginBlocking();
  current = undefined;
  try {
    return call();
  } finally {
    current = thread;
    thread.endBlocking();
  }
}

/** Starts a task on a thread of its own, which is free (`hostSpares`): its tid. Throws ERR_NO_HOST_THREAD, ERR_CONFIG. */
export function spawnHost(spec: HostSpec, options: HostTaskOptions = {}): number {
  return self().spawn({ spec: plain(spec), options }, false)[0];
}

/** A URL cannot be serialized. */
function plain(spec: HostSpec): HostSpec {
  return { ...spec, url: String(spec.url) };
}

/** Computes for `ns`. Throws ERR_TIME for what is no time, as `env.work` does. */
export function work(ns: number): void {
  self().work(ns);
}
/** ns since boot. */
export function now(): number {
  return self().now();
}
/** The CPU on which the thread's task is at home. */
export function cpu(): number {
  return self().cpu;
}
/** The calling host task's tid. */
export function tid(): number {
  return self().tid;
}
/** Tells main something: `onMessage` hears it. */
export function say(value: unknown): void {
  self().say(value);
}
