/**
 * Semaphore, Barrier, Once and WaitGroup under random interleavings of their memory operations, with deadlines and
 * cancellations.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Coroutine } from "../../../src/atomics/step.ts";
import { Barrier } from "../../../src/worker/sync/barrier.ts";
import { Once } from "../../../src/worker/sync/once.ts";
import { Semaphore } from "../../../src/worker/sync/semaphore.ts";
import { WaitGroup } from "../../../src/worker/sync/wait-group.ts";
import type { RigWorker } from "../../../test/support/sync-rig.ts";
import {
  anyCancellations,
  anyPatience,
  anyWeave,
  deadlineOf,
  NUM_RUNS,
  runPlans,
  SyncRig,
  unlessCancelled,
  waitersOf,
} from "./programs.ts";

describe("a semaphore", () => {
  const anyUse = fc.record({ want: fc.integer({ min: 1, max: 3 }), patience: anyPatience, hold: fc.nat(20) });
  const anyUses = fc.array(fc.array(anyUse, { minLength: 1, maxLength: 4 }), { minLength: 2, maxLength: 5 });

  it("never gives out more permits than there are, and all are back at the end", () => {
    fc.assert(
      fc.property(
        anyUses,
        fc.integer({ min: 3, max: 5 }),
        anyCancellations,
        anyWeave,
        (plans, permits, cancellations, weave) => {
          const rig = new SyncRig();
          const semaphore = new Semaphore(rig, permits, { maximum: permits });
          let out = 0;
          let left = -1;
          let live = plans.length;
          const body = function* (worker: RigWorker, uses: (typeof plans)[number]): Coroutine<void> {
            for (const { want, patience, hold } of uses) {
              const deadlineNs = deadlineOf(worker, patience);
              const got = yield* unlessCancelled(semaphore.acquireUntil(worker, deadlineNs, want));
              if (got !== true) continue;
              out += want;
              expect(out).toBeLessThanOrEqual(permits);
              yield* worker.pause(hold);
              out -= want;
              yield* semaphore.release(worker, want);
            }
            if (--live === 0) left = yield* semaphore.available(worker);
          };
          runPlans(rig, plans, body, cancellations, weave);
          expect(left).toBe(permits);
        },
      ),
      { numRuns: NUM_RUNS },
    );
  });

  it("is first come, first served, whatever a waiter wants", () => {
    // Two or three of three: one has them at a time. Those let in together may return in any order.
    const anyLargeUse = fc.record({ want: fc.integer({ min: 2, max: 3 }), hold: fc.nat(20) });
    const anyLargeUses = fc.array(fc.array(anyLargeUse, { minLength: 1, maxLength: 4 }), {
      minLength: 2,
      maxLength: 5,
    });
    fc.assert(
      fc.property(anyLargeUses, anyWeave, (plans, weave) => {
        const rig = new SyncRig();
        const semaphore = new Semaphore(rig, 3);
        const body = function* (worker: RigWorker, uses: (typeof plans)[number]): Coroutine<void> {
          for (const { want, hold } of uses) {
            const before = waitersOf(rig);
            yield* semaphore.acquire(worker, want);
            worker.done++;
            for (const [other, done] of before) expect(other.done).toBeGreaterThan(done);
            yield* worker.pause(hold);
            yield* semaphore.release(worker, want);
          }
        };
        runPlans(rig, plans, body, [], weave);
      }),
      { numRuns: NUM_RUNS },
    );
  });
});

describe("a barrier", () => {
  it("lets nobody on before all have come, and tells one of each round that it was the last", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 4 }),
        anyWeave,
        (parties, rounds, weave) => {
          const rig = new SyncRig();
          const barrier = new Barrier(rig, parties);
          const come = new Array<number>(rounds).fill(0);
          const last = new Array<number>(rounds).fill(0);
          const body = function* (worker: RigWorker, number: number): Coroutine<void> {
            for (let round = 0; round < rounds; round++) {
              yield* worker.pause(number * round);
              come[round]!++;
              if (yield* barrier.wait(worker)) last[round]!++;
              expect(come[round]).toBe(parties);
            }
          };
          runPlans(
            rig,
            Array.from({ length: parties }, (_, number) => number),
            body,
            [],
            weave,
          );
          expect(last).toEqual(new Array(rounds).fill(1));
        },
      ),
      { numRuns: NUM_RUNS },
    );
  });

  it("counts only those who stay: arrivals taken back by a deadline or a cancellation do not open it", () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(anyPatience, { minLength: 1, maxLength: 3 }), { minLength: 2, maxLength: 5 }),
        fc.integer({ min: 1, max: 3 }),
        anyCancellations,
        anyWeave,
        (plans, parties, cancellations, weave) => {
          const rig = new SyncRig();
          const barrier = new Barrier(rig, parties);
          let passed = 0;
          let last = 0;
          const body = function* (worker: RigWorker, patiences: (typeof plans)[number]): Coroutine<void> {
            for (const patience of patiences) {
              const deadlineNs = deadlineOf(worker, patience ?? 100);
              const how = yield* unlessCancelled(barrier.waitUntil(worker, deadlineNs));
              if (how === "last" || how === "passed") passed++;
              if (how === "last") last++;
            }
          };
          runPlans(rig, plans, body, cancellations, weave);
          expect(passed).toBe(last * parties);
        },
      ),
      { numRuns: NUM_RUNS },
    );
  });
});

describe("a once", () => {
  it("is done once, whoever fails or is cancelled before, and gives everybody the same", () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ fails: fc.boolean(), steps: fc.nat(20), patience: anyPatience }), {
          minLength: 2,
          maxLength: 6,
        }),
        anyCancellations,
        anyWeave,
        (plans, cancellations, weave) => {
          const rig = new SyncRig();
          const once = new Once<object>(rig);
          const results: object[] = [];
          let running = 0;
          const body = function* (worker: RigWorker, plan: (typeof plans)[number]): Coroutine<void> {
            const make = function* (): Coroutine<object> {
              expect(++running).toBe(1);
              yield* worker.pause(plan.steps);
              running--;
              if (plan.fails) throw new RangeError("as planned");
              results.push({});
              return results[0]!;
            };
            try {
              const deadlineNs = deadlineOf(worker, plan.patience);
              const had = yield* unlessCancelled(once.runUntil(worker, make, deadlineNs));
              if (had !== undefined) expect(had.result).toBe(results[0]);
            } catch (error) {
              if (!(error instanceof RangeError)) throw error;
            }
          };
          runPlans(rig, plans, body, cancellations, weave);
          expect(results.length).toBeLessThanOrEqual(1);
          const undisturbed = cancellations.length === 0 && plans.some(({ fails }) => !fails);
          if (undisturbed && plans.every(({ patience }) => patience === undefined))
            expect(results).toEqual([{}]);
        },
      ),
      { numRuns: NUM_RUNS },
    );
  });
});

describe("a wait group", () => {
  it("forgets no waiter, over several rounds, with deadlines and cancellations", () => {
    const anyPlan = fc.record({
      jobs: fc.nat(3),
      waits: fc.array(anyPatience, { maxLength: 2 }),
      steps: fc.nat(15),
    });
    const anyPlans = fc.array(anyPlan, { minLength: 2, maxLength: 6 });
    fc.assert(
      fc.property(anyPlans, anyCancellations, anyWeave, (plans, cancellations, weave) => {
        const rig = new SyncRig();
        const group = new WaitGroup(rig);
        const body = function* (worker: RigWorker, plan: (typeof plans)[number]): Coroutine<void> {
          if (plan.jobs > 0) yield* group.add(worker, plan.jobs);
          for (let job = 0; job < plan.jobs; job++) {
            yield* worker.pause(plan.steps);
            yield* group.done(worker);
          }
          for (const patience of plan.waits) {
            yield* unlessCancelled(group.waitUntil(worker, deadlineOf(worker, patience)));
          }
        };
        runPlans(rig, plans, body, cancellations, weave);
      }),
      { numRuns: NUM_RUNS },
    );
  });

  it("a waiter that comes after all was added sees all done", () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(20), { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 1, max: 3 }),
        anyWeave,
        (jobs, waiters, weave) => {
          const rig = new SyncRig();
          const group = new WaitGroup(rig);
          let open = jobs.length;
          let added = false;
          rig.spawn(function* (worker) {
            yield* group.add(worker, jobs.length);
            added = true;
          });
          const plans = [...jobs.map((steps) => steps), ...new Array<number>(waiters).fill(-1)];
          const body = function* (worker: RigWorker, steps: number): Coroutine<void> {
            while (!added) yield* worker.pause();
            if (steps < 0) {
              yield* group.wait(worker);
              expect(open).toBe(0);
              return;
            }
            yield* worker.pause(steps);
            open--;
            yield* group.done(worker);
          };
          runPlans(rig, plans, body, [], weave);
        },
      ),
      { numRuns: NUM_RUNS },
    );
  });
});
