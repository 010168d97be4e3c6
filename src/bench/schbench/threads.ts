/**
 * The threads of schbench: message threads, and workers that ask them for work.
 *
 * A worker that wants a request blocks its own word, puts itself on its message thread's list, posts that thread and waits.
 * The message thread takes the whole list, looks at the clock once, and posts each worker on it: so a worker's wake-up
 * latency contains the time in which the message thread was waking others, or had lost its CPU to one of them. With a
 * rate, requests are pushed instead, eight workers at a time, and a worker with more than eight pending is passed over.
 *
 * A request sleeps, then multiplies matrices under a spin lock of the CPU it is on. A worker that loses the CPU meanwhile
 * keeps the lock, and whoever comes next on that CPU spins: that is the price schbench puts on preemption.
 * Source of the behaviour: schbench's documents and usage text, and reading it; none of its text is here.
 */
import type { Addr } from "../../atomics/address.ts";
import { EAGAIN } from "../../atomics/errno.ts";
import type { Coroutine } from "../../atomics/step.ts";
import type { Tid } from "../../kernel-sim/ids.ts";
import type { Machine } from "../../machine.ts";
import type { Env } from "../../umcg/env.ts";
import { expectResult } from "../workload.ts";
import { Latencies } from "./latencies.ts";
import { fillNs, type SchbenchOptions, workNs } from "./schbench-options.ts";

const BLOCKED = 0;
const RUNNING = 1;
/** Requests pushed between two sleeps, and the most that a worker may have pending. */
const BATCH = 8;
/** One look at a spin lock that is taken, ns. */
const SPIN_NS = 1000;

interface Worker {
  /** BLOCKED or RUNNING. */
  readonly futex: Addr;
  wakeNs: number;
  /** Requests pushed to it. */
  pending: number;
}

export class SchbenchThreads {
  readonly wakeups: Latencies = new Latencies();
  readonly requests: Latencies = new Latencies();
  /** Requests or transfers finished since the last reset. */
  finished = 0;
  readonly tids: Set<Tid> = new Set();
  readonly #options: SchbenchOptions;
  /** By CPU: 1 while a worker computes there. */
  readonly #locks: Addr;

  /** Creates the threads on a machine that has not run yet. */
  constructor(machine: Machine, options: SchbenchOptions) {
    this.#options = options;
    this.#locks = machine.allocate(4 * machine.kernel.config.vcpus);
    const { messageThreads, workers: count, messageCpus, workerCpus } = options;
    for (let at = 0; at < messageThreads; at++) {
      const futex = machine.allocate(4);
      const workers = Array.from({ length: count }, () => ({
        futex: machine.allocate(4),
        wakeNs: 0,
        pending: 0,
      }));
      const asking: Worker[] = [];
      const pinned = messageCpus === undefined ? {} : { affinity: [messageCpus[at % messageCpus.length]!] };
      const message = (env: Env): Coroutine<void> =>
        options.requestsPerS > 0 ? this.#push(env, workers) : this.#answer(env, futex, asking);
      machine.spawn(message, { ...pinned, name: `message-${at}` });
      const allowed = workerCpus === undefined ? {} : { affinity: workerCpus };
      for (const [index, worker] of workers.entries()) {
        const name = `worker-${at}.${index}`;
        const program = (env: Env): Coroutine<void> => this.#work(env, worker, futex, asking);
        this.tids.add(machine.spawn(program, { ...allowed, name }));
      }
    }
  }

  reset(): void {
    this.wakeups.reset();
    this.requests.reset();
    this.finished = 0;
  }

  *#answer(env: Env, futex: Addr, asking: Worker[]): Coroutine<void> {
    for (;;) {
      yield* env.memory.store32(futex, BLOCKED);
      const list = asking.splice(0).reverse();
      const now = env.now();
      for (const worker of list) {
        if (this.#options.pipeBytes > 0) yield* env.work(fillNs(this.#options));
        worker.wakeNs = this.#options.pipeBytes > 0 ? env.now() : now;
        yield* post(env, worker.futex);
      }
      yield* wait(env, futex);
    }
  }

  *#push(env: Env, workers: readonly Worker[]): Coroutine<void> {
    const { requestsPerS } = this.#options;
    const batchNs = Math.floor((1e9 / requestsPerS) * BATCH);
    for (let next = 0; ; ) {
      const began = env.now();
      for (let pushed = 1; pushed <= requestsPerS; pushed++) {
        if (pushed % BATCH === 0) expectResult("nanosleep", yield* env.sys.nanosleep(batchNs), 0);
        const worker = workers[next++ % workers.length]!;
        if (worker.pending > BATCH) continue;
        worker.pending++;
        worker.wakeNs = env.now();
        yield* post(env, worker.futex);
      }
      const left = began + 1e9 - env.now();
      if (left > 0) expectResult("nanosleep", yield* env.sys.nanosleep(left), 0);
    }
  }

  *#work(env: Env, worker: Worker, message: Addr, asking: Worker[]): Coroutine<void> {
    const { requestsPerS, pipeBytes } = this.#options;
    for (;;) {
      if (pipeBytes > 0) yield* env.work(fillNs(this.#options));
      yield* env.memory.store32(worker.futex, BLOCKED);
      worker.wakeNs = env.now();
      let taken = worker.pending;
      if (requestsPerS === 0) {
        asking.push(worker);
        yield* post(env, message);
        taken = 1;
      }
      worker.pending = 0;
      if (requestsPerS === 0 || taken === 0) {
        yield* wait(env, worker.futex);
        this.wakeups.record(worker.wakeNs, env.now(), false);
      }
      for (; taken > 0; taken--) {
        if (pipeBytes === 0) yield* this.#request(env);
        this.finished++;
      }
    }
  }

  *#request(env: Env): Coroutine<void> {
    const { calibrate, sleepUs, locking } = this.#options;
    let began = env.now();
    if (sleepUs > 0) expectResult("nanosleep", yield* env.sys.nanosleep(1000 * sleepUs), 0);
    if (calibrate) began = env.now();
    const lock = locking && !calibrate ? yield* this.#lockThisCpu(env) : undefined;
    yield* env.work(workNs(this.#options));
    if (lock !== undefined) yield* env.memory.store32(lock, 0);
    this.requests.record(began, env.now(), true);
  }

  /** The lock of the CPU the worker is on once it has it. Bounded by the holder's work, which goes on when it is picked. */
  *#lockThisCpu(env: Env): Coroutine<Addr> {
    for (;;) {
      const cpu = env.cpu();
      const lock = (this.#locks + 4 * cpu) as Addr;
      while ((yield* env.memory.cmpxchg32(lock, 0, 1)) !== 0) yield* env.work(SPIN_NS);
      if (env.cpu() === cpu) return lock;
      yield* env.memory.store32(lock, 0);
    }
  }
}

/** Makes the word RUNNING, and wakes who waits for that. */
function* post(env: Env, futex: Addr): Coroutine<void> {
  if ((yield* env.memory.xchg32(futex, RUNNING)) === BLOCKED) yield* env.sys.futexWake(futex, 1);
}

function* wait(env: Env, futex: Addr): Coroutine<void> {
  while ((yield* env.memory.load32(futex)) === BLOCKED) {
    const result = yield* env.sys.futexWait(futex, BLOCKED);
    if (result !== -EAGAIN) expectResult("futexWait", result, 0);
  }
}
