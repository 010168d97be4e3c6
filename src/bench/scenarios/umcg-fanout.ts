/**
 * One worker of the thread library wakes many, and waits until all have answered: a request that fans out. Measured are a
 * round, from the first unpark until the last answer has woken the leader, and each worker's way from its unpark to its first
 * step, by the workers' own clocks: a policy's queue and the server are in it.
 */
import type { Addr } from "../../atomics/address.ts";
import type { Coroutine } from "../../atomics/step.ts";
import type { Machine, MachineConfig } from "../../machine.ts";
import type { PolicyName } from "../../server/policies/index.ts";
import { Histogram } from "../../trace/histogram.ts";
import { createRuntime } from "../../worker/runtime.ts";
import type { Worker } from "../../worker/worker.ts";
import type { WorkerHandle } from "../../worker/worker-handle.ts";
import type { Scenario } from "../scenario.ts";

export interface FanoutOptions {
  /** Workers that are woken. */
  readonly workers: number;
  readonly loops: number;
  /** Rounds before those that are measured. */
  readonly warmUp: number;
  /** CPU time of an answer. */
  readonly workNs: number;
  readonly policy: PolicyName;
}

export interface Fanout {
  /** Measured rounds. */
  readonly rounds: Histogram;
  readonly wakes: Histogram;
}

const BYTES_A_TASK = 8192;
const PAGE = 4096;

/** What the machine needs for it. */
export function fanoutMachine({ workers }: FanoutOptions, vcpus: number): MachineConfig {
  const tasks = workers + 1 + vcpus;
  return {
    maxTasks: tasks + 1,
    userBytes: PAGE * (16 + Math.ceil((tasks * BYTES_A_TASK) / PAGE)),
    maxPipes: 0,
    timerSlackNs: 0,
  };
}

export function startFanout(machine: Machine, options: FanoutOptions, seed: number): Scenario<Fanout> {
  const { workers, loops, warmUp, policy } = options;
  const runtime = createRuntime(machine, { policy, seed });
  const measured = { rounds: new Histogram(), wakes: new Histogram() };
  const round: Round = { at: 0, unparkedNs: [], left: machine.allocate(4), ended: false };
  const handles = Array.from({ length: workers }, (_, own) =>
    runtime.spawn((worker) => answer(worker, own, () => leader, options, round, measured.wakes), {
      name: `answerer-${own}`,
    }),
  );
  const leader: WorkerHandle<unknown> = runtime.spawn(
    (worker) => lead(worker, handles, options, round, measured.rounds),
    { name: "leader" },
  );
  return {
    get progress() {
      return round.at / (warmUp + loops);
    },
    result: () => (measured.rounds.count > 0 ? measured : undefined),
  };
}

/** The leader writes all of it but `left`, the word of answers that are missing. */
interface Round {
  at: number;
  /** By worker: when it was unparked last. */
  readonly unparkedNs: number[];
  readonly left: Addr;
  ended: boolean;
}

function* lead(
  worker: Worker,
  handles: readonly WorkerHandle<unknown>[],
  { loops, warmUp }: FanoutOptions,
  round: Round,
  rounds: Histogram,
): Coroutine<void> {
  for (; round.at < warmUp + loops; round.at++) {
    yield* worker.memory.store32(round.left, handles.length);
    const began = worker.now();
    for (const [at, handle] of handles.entries()) {
      round.unparkedNs[at] = worker.now();
      yield* worker.unpark(handle);
    }
    while ((yield* worker.memory.load32(round.left)) > 0) yield* worker.park();
    if (round.at >= warmUp) rounds.record(Math.round(worker.now() - began));
  }
  round.ended = true;
  for (const handle of handles) yield* worker.unpark(handle);
  for (const handle of handles) yield* worker.join(handle);
}

function* answer(
  worker: Worker,
  own: number,
  leader: () => WorkerHandle<unknown>,
  { workNs, warmUp }: FanoutOptions,
  round: Round,
  wakes: Histogram,
): Coroutine<void> {
  for (;;) {
    yield* worker.park();
    if (round.ended) return;
    if (round.at >= warmUp) wakes.record(Math.max(0, Math.round(worker.now() - round.unparkedNs[own]!)));
    if (workNs > 0) yield* worker.work(workNs);
    if ((yield* takeOne(worker, round.left)) === 1) yield* worker.unpark(leader());
  }
}

/** Returns what the word was. Bounded by how many do the same. */
function* takeOne(worker: Worker, word: Addr): Coroutine<number> {
  for (;;) {
    const seen = yield* worker.memory.load32(word);
    if ((yield* worker.memory.cmpxchg32(word, seen, seen - 1)) === 0) return seen;
  }
}
