/**
 * What a host thread asks its task for: each a number, arguments that are numbers, and a coroutine that the task runs, in the
 * kernel and out of it, as if it stood in a program.
 */
import { type Addr, addr } from "../../../atomics/address.ts";
import type { Coroutine } from "../../../atomics/step.ts";
import { userFault } from "../../../kernel-sim/faults.ts";
import type { Tid } from "../../../kernel-sim/ids.ts";
import type { Kernel } from "../../../kernel-sim/kernel.ts";
import type { Env } from "../../../umcg/env.ts";
import type { Worker, WorkerOptions } from "../../../worker/worker.ts";
import { WorkerHandle } from "../../../worker/worker-handle.ts";
import { HostTaskError } from "./errors.ts";
import type { HostSpec, HostTaskOptions } from "./jobs.ts";

/** What the task of a host thread is. */
export interface Caller {
  readonly kernel: Kernel;
  readonly env: Env;
  /** Of a runtime; undefined: it is none. */
  readonly worker: Worker | undefined;
  /** The handle of a worker that set-up code made, if its record and generation are these. */
  readonly handleOf: (record: Addr, generation: number) => WorkerHandle<unknown> | undefined;
  readonly spawn: (spec: HostSpec, options: HostTaskOptions) => Coroutine<Tid>;
  /** Throws ERR_NOT_A_WORKER. */
  readonly spawnWorker: (spec: HostSpec, options: WorkerOptions) => Coroutine<WorkerHandle<unknown>>;
}

/** What a thread says of one that it starts: the text of its slot. */
export interface SpawnRequest {
  readonly spec: HostSpec;
  readonly options: HostTaskOptions & WorkerOptions;
}

/** System calls, as numbers go. What a caller leaves out is what the kernel takes by default. Results: those of `Syscalls`. */
export interface HostCalls {
  nanosleep(ns: number, rest?: number): number;
  clockNanosleep(flags: number, ns: number, rest?: number): number;
  schedYield(): number;
  getcpu(cpuAt: number, nodeAt?: number): number;
  membarrier(): number;
  gettid(): number;
  /** The exit code of a task, or 128 + signal; -ESRCH, -EDEADLK, -EINTR, -EAGAIN. */
  join(tid: number): number;
  kill(tid: number, signal: number): number;
  futexWait(a: number, expected: number, timeoutNs?: number): number;
  futexWaitBitset(a: number, expected: number, bits: number, untilNs?: number): number;
  futexWake(a: number, count?: number): number;
  futexWakeBitset(a: number, count: number, bits: number): number;
  pipe(flags?: number): number;
  eventfd(value?: number, flags?: number): number;
  timerfdCreate(flags?: number): number;
  timerfdSettime(fd: number, flags: number, ns: number, periodNs?: number): number;
  epollCreate(): number;
  epollCtl(epoll: number, op: number, fd: number, events?: number): number;
  epollWait(epoll: number, into: number, max: number, timeoutNs?: number): number;
  read(fd: number, into: number, length: number): number;
  write(fd: number, from: number, length: number): number;
  close(fd: number): number;
  sigprocmask(how: number, set: number, old?: number): number;
  madvise(a: number, length: number, advice: number): number;
  /** As `Umcg.ctl`, `wait`, `kick`: for one that is its own server, or worker. */
  umcgCtl(flags: number, self: number): number;
  umcgWait(flags: number, absTimeoutNs?: number): number;
  umcgKick(flags: number, tid: number): number;
  /** Zeroed user memory, for good: its address. Throws ERR_USER_MEMORY. */
  allocate(bytes: number, align?: number): number;
}

/** What a worker can do, as `Worker` has it; addresses for records. */
export interface HostWorkerCalls {
  park(): number;
  parkUntil(deadlineNs: number): number;
  unpark(record: number, generation?: number): number;
  yield(): number;
  checkpoint(): number;
  sleepUntil(deadlineNs: number): number;
  cancel(record: number, generation?: number): number;
  isCancelled(): number;
  setPriority(priority: number): number;
  setDeadline(atNs: number): number;
  /** NaN: it has returned nothing. */
  joinUntil(record: number, generation: number, deadlineNs: number): number;
  record(): number;
  generation(): number;
}

type Perform = (caller: Caller, ...args: number[]) => Coroutine<number>;
type PerformAsWorker = (worker: Worker, caller: Caller, ...args: number[]) => Coroutine<number>;

/** Calls of `env.sys` that take and give numbers, as they are. */
const PLAIN = [
  "nanosleep",
  "clockNanosleep",
  "schedYield",
  "getcpu",
  "membarrier",
  "gettid",
  "join",
  "kill",
  "futexWait",
  "futexWaitBitset",
  "futexWake",
  "futexWakeBitset",
  "pipe",
  "eventfd",
  "timerfdCreate",
  "timerfdSettime",
  "epollCreate",
  "epollCtl",
  "epollWait",
  "read",
  "write",
  "close",
  "sigprocmask",
  "madvise",
] as const satisfies readonly (keyof HostCalls)[];

type PlainCall = (...args: number[]) => Coroutine<number>;

const SYSTEM: Readonly<Record<string, Perform>> = {
  ...Object.fromEntries(
    PLAIN.map((name): [string, Perform] => [
      name,
      ({ env }, ...args) => (env.sys[name] as PlainCall).apply(env.sys, args),
    ]),
  ),
  umcgCtl: ({ env }, flags, self) => env.umcg.ctl(flags!, addr(self!)),
  *umcgWait({ env }, flags, absTimeoutNs) {
    return yield* env.umcg.wait(flags!, absTimeoutNs);
  },
  umcgKick: ({ env }, flags, tid) => env.umcg.kick(flags!, tid!),
  *allocate({ env }, bytes, align) {
    return env.allocate(bytes!, align);
  },
};

function* done(call: Coroutine<unknown>): Coroutine<number> {
  return Number(yield* call);
}

const WORKER: { readonly [Name in keyof HostWorkerCalls]: PerformAsWorker } = {
  park: (worker) => done(worker.park()),
  parkUntil: (worker, _, deadlineNs) => done(worker.parkUntil(deadlineNs!)),
  unpark: (worker, _, record, generation) => done(worker.unpark(target(record!, generation))),
  yield: (worker) => done(worker.yield()),
  checkpoint: (worker) => done(worker.checkpoint()),
  sleepUntil: (worker, _, deadlineNs) => done(worker.sleepUntil(deadlineNs!)),
  cancel: (worker, _, record, generation) => done(worker.cancel(target(record!, generation))),
  isCancelled: (worker) => done(worker.isCancelled()),
  setPriority: (worker, _, priority) => done(worker.setPriority(priority!)),
  setDeadline: (worker, _, atNs) => done(worker.setDeadline(atNs!)),
  *joinUntil(worker, { handleOf }, record, generation, deadlineNs) {
    const at = addr(record!);
    const known = handleOf(at, generation!);
    const handle = known ?? new WorkerHandle(at, generation!, `worker at 0x${at.toString(16)}`);
    const result = yield* worker.joinUntil(handle, deadlineNs!);
    return typeof result === "number" ? result : Number.NaN;
  },
  *record(worker) {
    return worker.record;
  },
  *generation(worker) {
    return worker.generation;
  },
};

function target(
  record: number,
  generation: number | undefined,
): { readonly record: Addr; readonly generation?: number } {
  return { record: addr(record), ...(generation === undefined ? {} : { generation }) };
}

/** An access that may not happen now: the page comes, or the task dies. */
function* fault({ kernel }: Caller, a: number, size: number, write: number): Coroutine<number> {
  yield* userFault(kernel, addr(a), size, write !== 0);
  return 0;
}

/** Requests that are no calls: the thread comes in because it was asked to; it begins a blocking call; it has come to its end; an access has faulted; it
 * starts another. */
export const CALL_COME_IN = 0;
export const CALL_BLOCK = 1;
export const CALL_END = 2;
export const CALL_FAULT = 3;
export const CALL_SPAWN = 4;
export const CALL_SPAWN_WORKER = 5;
const FIRST_CALL = 8;

export const SYSTEM_CALLS: readonly (keyof HostCalls)[] = Object.keys(SYSTEM) as (keyof HostCalls)[];
export const WORKER_CALLS: readonly (keyof HostWorkerCalls)[] = Object.keys(
  WORKER,
) as (keyof HostWorkerCalls)[];

export function systemCall(name: keyof HostCalls): number {
  return FIRST_CALL + SYSTEM_CALLS.indexOf(name);
}
export function workerCall(name: keyof HostWorkerCalls): number {
  return FIRST_CALL + SYSTEM_CALLS.length + WORKER_CALLS.indexOf(name);
}

/** Call number `call`. Throws what it throws, and ERR_NOT_A_WORKER. */
export function* perform(
  caller: Caller,
  call: number,
  given: readonly (number | undefined)[],
): Coroutine<number> {
  // Optional parameters are told from what they are there, undefined, as in a program.
  const args = given as readonly number[];
  if (call === CALL_FAULT) return yield* fault(caller, args[0]!, args[1]!, args[2]!);
  const system = SYSTEM_CALLS[call - FIRST_CALL];
  if (system !== undefined) return yield* SYSTEM[system]!(caller, ...args);
  const name = WORKER_CALLS[call - FIRST_CALL - SYSTEM_CALLS.length]!;
  return yield* WORKER[name](workerOf(caller), caller, ...args);
}

/** Throws ERR_NOT_A_WORKER. */
export function workerOf({ worker }: Pick<Caller, "worker">): Worker {
  if (worker !== undefined) return worker;
  throw new HostTaskError("ERR_NOT_A_WORKER", "this host task is no worker");
}
