/**
 * A device that requests come from, and the tasks that serve them.
 *
 * An arrival is an interrupt on one CPU. Its handler takes a free worker out of the pool, gives it the request and wakes
 * it; with no free worker the request is dropped and counted. A worker reads the device (and sleeps there), computes
 * for the request's service time, and reads again. The time of an arrival is when the device has the request, not when
 * the handler gets to it: an interrupt that is late, because others keep its CPU busy, counts as waiting.
 *
 * Free workers are a stack: the one that was busy last is the next, as its cache is warm and its CPU known. One pool for
 * all CPUs leaves it to the scheduler which CPU serves; with a pool for each CPU the device chooses one at random, and
 * requests queue there.
 *
 * No lost wake-up: the handler writes the assignment before it wakes; the worker announces its sleep before it looks.
 */
import type { Coroutine } from "../../atomics/step.ts";
import {
  NR_READ,
  TASK_INTERRUPTIBLE,
  TASK_NORMAL,
  TASK_RUNNING,
  WAIT_DEVICE,
} from "../../kernel-sim/constants.ts";
import type { Kernel } from "../../kernel-sim/kernel.ts";
import { schedule } from "../../kernel-sim/schedule.ts";
import { exitToUserMode, hasExitWork } from "../../kernel-sim/signals.ts";
import { sysEnter, sysExit } from "../../kernel-sim/syscalls/entry.ts";
import { setTaskState } from "../../kernel-sim/task-state.ts";
import { armTimer, createTimer } from "../../kernel-sim/timers.ts";
import { tryToWakeUp } from "../../kernel-sim/wakeup.ts";
import type { Machine } from "../../machine.ts";
import type { Env } from "../../umcg/env.ts";
import { RequestLog } from "./request-log.ts";
import { Occupancy } from "./usage.ts";

/** Where requests come from. */
export interface RequestSource {
  /** Time of the next arrival, ns since the first could come, never before the last one; Infinity: there are no more. */
  nextArrivalNs(): number;
  /** Service of the request that arrives now, whole ns. */
  nextServiceNs(): number;
  /** Pool of the request that arrives now, from 0. */
  nextPool(): number;
}

export interface DeviceOptions {
  /** CPU whose interrupts arrivals are. */
  readonly irqCpu: number;
  /** Workers of all pools together. */
  readonly workers: number;
  /** Pools: 1, or one for each CPU, pinned to it. */
  readonly pools: number;
  /** Told of a request before it is in the system. */
  readonly onArrival: (request: number) => void;
  /** Told when the last request has left. */
  readonly onDrained: () => void;
  /** Tells the scheduler how long a worker is going to compute. */
  readonly expect: (tid: number, ns: number) => void;
}

const NOTHING = -1;
/** The device is gone: the worker ends. */
const CLOSED = -2;

export class RequestDevice {
  readonly log: RequestLog = new RequestLog();
  readonly occupancy: Occupancy = new Occupancy();
  readonly #kernel: Kernel;
  readonly #source: RequestSource;
  readonly #options: DeviceOptions;
  /** By worker: the request it has, and its tid. */
  readonly #assigned: Int32Array;
  readonly #tids: Int32Array;
  /** By pool: free workers, the one to take next last. */
  readonly #free: number[][];
  readonly #timer: number;
  #nextNs = 0;
  /** When every worker was ready for the first time; how many were not yet. */
  #startNs = 0;
  #unready: number;

  constructor(machine: Machine, source: RequestSource, options: DeviceOptions) {
    const { kernel } = machine;
    this.#kernel = kernel;
    this.#source = source;
    this.#options = options;
    this.#assigned = new Int32Array(options.workers).fill(NOTHING);
    this.#tids = new Int32Array(options.workers);
    this.#free = Array.from({ length: options.pools }, () => []);
    this.#unready = options.workers;
    this.#timer = createTimer(kernel, () => this.#interrupt());
    for (let worker = 0; worker < options.workers; worker++) {
      const affinity = options.pools === 1 ? {} : { affinity: [worker % options.pools] };
      const program = (env: Env): Coroutine<void> => this.#serve(env, worker);
      this.#tids[worker] = machine.spawn(program, { ...affinity, name: `worker-${worker}` });
    }
  }

  #begin(): void {
    this.#startNs = Math.ceil(this.#kernel.host.now);
    this.#armNext();
  }

  #armNext(): void {
    this.#nextNs = this.#startNs + this.#source.nextArrivalNs();
    const { irqCpu } = this.#options;
    if (this.#nextNs < Number.POSITIVE_INFINITY) armTimer(this.#kernel, this.#timer, irqCpu, this.#nextNs);
    else this.#closeWhenEmpty();
  }

  /** In interrupt context: the request that is due, or the end. */
  #interrupt(): void {
    if (this.#nextNs === Number.POSITIVE_INFINITY) this.#close();
    else this.#arrive();
  }

  #arrive(): void {
    const { log } = this;
    const serviceNs = this.#source.nextServiceNs();
    const request = log.arrive(this.#nextNs, serviceNs);
    this.#options.onArrival(request);
    const worker = this.#free[this.#source.nextPool()]!.pop();
    if (worker === undefined) log.drop(request);
    else {
      this.occupancy.change(1, this.#nextNs);
      this.#assigned[worker] = request;
      this.#options.expect(this.#tids[worker]!, serviceNs);
      tryToWakeUp(this.#kernel, this.#tids[worker]!, TASK_NORMAL, 0);
    }
    this.#armNext();
  }

  /** Behind the last arrival: when the last request has left, an interrupt ends the workers. */
  #closeWhenEmpty(): void {
    const { log } = this;
    if (this.#nextNs < Number.POSITIVE_INFINITY || log.inside > 0) return;
    this.#options.onDrained();
    armTimer(this.#kernel, this.#timer, this.#options.irqCpu, this.#kernel.host.now);
  }

  #close(): void {
    this.#assigned.fill(CLOSED);
    for (const tid of this.#tids) tryToWakeUp(this.#kernel, tid, TASK_NORMAL, 0);
  }

  *#serve(env: Env, worker: number): Coroutine<void> {
    const kernel = this.#kernel;
    const { tasks, host } = kernel;
    const { tid } = env;
    const pool = this.#free[worker % this.#free.length]!;
    for (;;) {
      sysEnter(kernel, NR_READ, 0);
      yield* host.sync();
      pool.push(worker);
      if (this.#unready > 0 && --this.#unready === 0) this.#begin();
      while (this.#assigned[worker] === NOTHING) {
        tasks.setWaitReason(tid, WAIT_DEVICE);
        setTaskState(kernel, tid, TASK_INTERRUPTIBLE);
        yield* schedule(kernel, tid);
        setTaskState(kernel, tid, TASK_RUNNING);
      }
      if (hasExitWork(kernel, tid)) yield* exitToUserMode(kernel, tid);
      const request = this.#assigned[worker]!;
      sysExit(kernel, tid, NR_READ, request);
      if (request === CLOSED) return;
      this.#assigned[worker] = NOTHING;
      yield* env.work(this.log.serviceNs[request]!);
      this.log.complete(request, host.now);
      this.occupancy.change(-1, host.now);
      this.#closeWhenEmpty();
    }
  }
}
