/**
 * What a server process does: requests, bursts and batch work at once.
 *
 * - Requests: eight workers a vCPU that sleep (in the kernel) and then compute briefly. A sixth of the CPU time. Priority 2,
 *   a deadline 200 us after they are due.
 * - Bursts: a leader a vCPU that sleeps, unparks its four helpers at once and waits until all have done their part. A tenth.
 *   Priority 1, a deadline of 1 ms.
 * - Batch: two workers a vCPU that compute half a millisecond at a time between short reads; they take all that is left.
 *   Priority 0, a deadline of 10 ms.
 *
 * The CPUs are never idle, so what counts is who waits for whom: only policies that tell the classes apart, or take the CPU
 * away in time, keep the requests' wake-ups short.
 */
import type { Addr } from "../../atomics/address.ts";
import type { Coroutine } from "../../atomics/step.ts";
import type { Machine } from "../../machine.ts";
import type { Sfc32 } from "../../random/sfc32.ts";
import type { Runtime } from "../../worker/runtime.ts";
import { WaitGroup } from "../../worker/sync/wait-group.ts";
import type { Worker } from "../../worker/worker.ts";
import { exponential } from "../stats/laws.ts";
import type { PolicyWorkload, Tally } from "./policy-workload.ts";

const REQUESTS_A_VCPU = 8;
const REQUEST = {
  sleep: exponential(1_000_000),
  work: exponential(20_000),
  wishes: { priority: 2, deadlineNs: 200_000 },
};
const HELPERS = 4;
const BURST = {
  sleep: exponential(2_000_000),
  work: exponential(50_000),
  wishes: { priority: 1, deadlineNs: 1_000_000 },
};
const BATCH_A_VCPU = 2;
const BATCH = {
  sleepNs: 50_000,
  work: exponential(500_000),
  wishes: { priority: 0, deadlineNs: 10_000_000 },
};

/** Sleeps until `dueNs`, with a deadline `budgetNs` after it, and says how late it was. */
function* sleep(worker: Worker, tally: Tally, dueNs: number, budgetNs: number): Coroutine<void> {
  yield* worker.setDeadline(Math.round(dueNs + budgetNs));
  yield* worker.sleepUntil(dueNs);
  tally.woke(dueNs, worker.now());
}

function* requests(worker: Worker, tally: Tally, stream: Sfc32): Coroutine<void> {
  for (;;) {
    yield* sleep(worker, tally, worker.now() + REQUEST.sleep.draw(stream), REQUEST.wishes.deadlineNs);
    yield* worker.work(REQUEST.work.draw(stream));
    tally.operations++;
  }
}

function* batch(worker: Worker, tally: Tally, stream: Sfc32): Coroutine<void> {
  for (;;) {
    yield* worker.setDeadline(Math.round(worker.now() + BATCH.wishes.deadlineNs));
    yield* worker.work(BATCH.work.draw(stream));
    tally.operations++;
    yield* worker.sleep(BATCH.sleepNs);
  }
}

/** A leader and its helpers, and what they tell each other. */
class Team {
  readonly #tally: Tally;
  readonly #done: WaitGroup;
  readonly #helpers: { readonly record: Addr }[] = [];
  #calledNs = 0;

  constructor(machine: Machine, runtime: Runtime, tally: Tally) {
    this.#tally = tally;
    this.#done = new WaitGroup(machine);
    for (let i = 0; i < HELPERS; i++) {
      const stream = tally.stream();
      this.#helpers.push(runtime.spawn((worker) => this.#help(worker, stream), BURST.wishes));
    }
    const stream = tally.stream();
    runtime.spawn((worker) => this.#lead(worker, stream), BURST.wishes);
  }

  *#lead(worker: Worker, stream: Sfc32): Coroutine<void> {
    for (;;) {
      yield* sleep(worker, this.#tally, worker.now() + BURST.sleep.draw(stream), BURST.wishes.deadlineNs);
      yield* this.#done.add(worker, HELPERS);
      this.#calledNs = worker.now();
      for (const helper of this.#helpers) yield* worker.unpark(helper);
      yield* this.#done.wait(worker);
    }
  }

  *#help(worker: Worker, stream: Sfc32): Coroutine<void> {
    for (;;) {
      yield* worker.park();
      this.#tally.woke(this.#calledNs, worker.now());
      yield* worker.setDeadline(Math.round(this.#calledNs + BURST.wishes.deadlineNs));
      yield* worker.work(BURST.work.draw(stream));
      this.#tally.operations++;
      yield* this.#done.done(worker);
    }
  }
}

export const mixed: PolicyWorkload = {
  name: "mixed",
  summary: `requests of 20 us, bursts of ${HELPERS} times 50 us, batch work besides`,
  operations: "operations",
  wakes: "of requests and bursts, from when they were due to their first step",
  workers: (vcpus) => vcpus * (REQUESTS_A_VCPU + HELPERS + 1 + BATCH_A_VCPU),
  start(machine, runtime, tally) {
    for (let vcpu = 0; vcpu < machine.kernel.config.vcpus; vcpu++) {
      for (let i = 0; i < REQUESTS_A_VCPU; i++) {
        const stream = tally.stream();
        runtime.spawn((worker) => requests(worker, tally, stream), REQUEST.wishes);
      }
      new Team(machine, runtime, tally);
      for (let i = 0; i < BATCH_A_VCPU; i++) {
        const stream = tally.stream();
        runtime.spawn((worker) => batch(worker, tally, stream), BATCH.wishes);
      }
    }
  },
};
