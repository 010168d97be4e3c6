/** Random programs for synchronisation objects: what a property needs whatever the object. */
import fc from "fast-check";
import type { Coroutine } from "../../../src/atomics/step.ts";
import { isCancelled } from "../../../src/worker/sync/wait-room.ts";
import { type RigWorker, SyncRig } from "../../../test/support/sync-rig.ts";

/** How a run interleaves: the seed of the choices, and how often a worker makes the next step too. */
export interface Weave {
  readonly seed: number;
  readonly stickiness: number;
}

export const anyWeave: fc.Arbitrary<Weave> = fc.record({
  seed: fc.nat(),
  stickiness: fc.constantFrom(0.3, 0.7, 0.95),
});

/** For how long a worker is willing to wait, ns from now; undefined: for ever. */
export const anyPatience: fc.Arbitrary<number | undefined> = fc.oneof(
  { weight: 2, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: fc.nat(200) },
);

export function deadlineOf(worker: RigWorker, patience: number | undefined): number {
  return patience === undefined ? Number.POSITIVE_INFINITY : worker.now() + patience;
}

export const NUM_RUNS: number = Number(process.env["FC_RUNS"] ?? 100);

/** Runs an operation; undefined when it was cancelled. */
export function* unlessCancelled<T>(operation: Coroutine<T>): Coroutine<T | undefined> {
  try {
    return yield* operation;
  } catch (error) {
    if (!isCancelled(error)) throw error;
    return undefined;
  }
}

/** Workers cancelled at random moments: `victims` by number, each after some steps. */
export interface Cancellation {
  readonly victim: number;
  readonly afterSteps: number;
}

export const anyCancellations: fc.Arbitrary<Cancellation[]> = fc.array(
  fc.record({ victim: fc.nat(5), afterSteps: fc.nat(120) }),
  { maxLength: 2 },
);

/** Runs `plans`, one worker each, with cancellations, and rethrows the first error a worker ended with. */
export function runPlans<P>(
  rig: SyncRig,
  plans: readonly P[],
  body: (worker: RigWorker, plan: P) => Coroutine<unknown>,
  cancellations: readonly Cancellation[],
  { seed, stickiness }: Weave,
): void {
  const workers = plans.map((plan) => rig.spawn((worker) => body(worker, plan)));
  for (const { victim, afterSteps } of cancellations) {
    rig.spawn(function* (worker) {
      yield* worker.pause(afterSteps);
      workers[victim % workers.length]!.cancelled = true;
    });
  }
  let stuck: unknown;
  try {
    rig.run(seed, stickiness);
  } catch (error) {
    stuck = error;
  }
  // A worker that died of an oracle's complaint is why the others are stuck.
  for (const error of rig.errors.values()) throw error;
  if (stuck !== undefined) throw stuck;
}

/** Workers that wait, and what they have done by now. */
export function waitersOf(rig: SyncRig): [RigWorker, number][] {
  return rig.workers.filter(({ waits }) => waits).map((worker) => [worker, worker.done]);
}

export { SyncRig };
