/**
 * Mutex, RwLock and Condvar under random interleavings of their memory operations, with deadlines and cancellations:
 * mutual exclusion, nobody waits for ever, first come first served where it is promised.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Coroutine, RESUME } from "../../../src/atomics/step.ts";
import { Condvar } from "../../../src/worker/sync/condvar.ts";
import { Mutex } from "../../../src/worker/sync/mutex.ts";
import { RwLock } from "../../../src/worker/sync/rwlock.ts";
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

interface Turn {
  readonly how: "lock" | "try";
  readonly patience: number | undefined;
  readonly hold: number;
}

const anyTurn = fc.record<Turn>({
  how: fc.oneof(
    { weight: 4, arbitrary: fc.constant("lock" as const) },
    { weight: 1, arbitrary: fc.constant("try" as const) },
  ),
  patience: anyPatience,
  hold: fc.nat(20),
});
const anyTurns = fc.array(fc.array(anyTurn, { minLength: 1, maxLength: 4 }), { minLength: 2, maxLength: 5 });

describe("a mutex", () => {
  it.each([
    ["barging", { handOffAfterNs: Number.POSITIVE_INFINITY }],
    ["with a bound", { handOffAfterNs: 60 }],
    ["fair", { fair: true }],
  ])("%s: one at a time, nobody forgotten", (_, options) => {
    fc.assert(
      fc.property(anyTurns, anyCancellations, anyWeave, (plans, cancellations, weave) => {
        const rig = new SyncRig();
        const mutex = new Mutex(rig, options);
        const counter = rig.word();
        let inside: string | undefined;
        let sections = 0;
        const body = function* (worker: RigWorker, turns: readonly Turn[]): Coroutine<void> {
          for (const { how, patience, hold } of turns) {
            const got =
              how === "try"
                ? yield* mutex.tryLock(worker)
                : yield* unlessCancelled(mutex.lockUntil(worker, deadlineOf(worker, patience)));
            expect(worker.held).toEqual(got === true ? [mutex] : []);
            if (got !== true) continue;
            expect(inside).toBe(undefined);
            inside = worker.name;
            sections++;
            const count = yield* worker.memory.load32(counter);
            yield* worker.pause(hold);
            yield* worker.memory.store32(counter, count + 1);
            inside = undefined;
            yield* mutex.unlock(worker);
          }
        };
        runPlans(rig, plans, body, cancellations, weave);
        expect(rig.peek(counter)).toBe(sections);
      }),
      { numRuns: NUM_RUNS },
    );
  });

  it("fair: whoever has begun to wait before another asks has it before the other", () => {
    fc.assert(
      fc.property(anyTurns, anyWeave, (plans, weave) => {
        const rig = new SyncRig();
        const mutex = new Mutex(rig, { fair: true });
        const body = function* (worker: RigWorker, turns: readonly Turn[]): Coroutine<void> {
          for (const { hold } of turns) {
            const before = waitersOf(rig);
            yield* mutex.lock(worker);
            worker.done++;
            for (const [other, done] of before) expect(other.done).toBeGreaterThan(done);
            yield* worker.pause(hold);
            yield* mutex.unlock(worker);
          }
        };
        runPlans(rig, plans, body, [], weave);
      }),
      { numRuns: NUM_RUNS },
    );
  });
});

describe("a reader-writer lock", () => {
  const anyVisit = fc.record({ writes: fc.boolean(), patience: anyPatience, hold: fc.nat(20) });
  const anyVisits = fc.array(fc.array(anyVisit, { minLength: 1, maxLength: 4 }), {
    minLength: 2,
    maxLength: 6,
  });

  it("excludes writers from everybody, and forgets nobody", () => {
    let together = 0;
    fc.assert(
      fc.property(anyVisits, anyCancellations, anyWeave, (plans, cancellations, weave) => {
        const rig = new SyncRig();
        const lock = new RwLock(rig);
        let readers = 0;
        let writers = 0;
        const body = function* (worker: RigWorker, visits: (typeof plans)[number]): Coroutine<void> {
          for (const { writes, patience, hold } of visits) {
            const deadlineNs = deadlineOf(worker, patience);
            const asks = writes
              ? lock.writeLockUntil(worker, deadlineNs)
              : lock.readLockUntil(worker, deadlineNs);
            if ((yield* unlessCancelled(asks)) !== true) continue;
            expect(writers).toBe(0);
            if (writes) {
              expect(readers).toBe(0);
              writers++;
            } else readers++;
            if (readers > 1) together++;
            yield* worker.pause(hold);
            if (writes) writers--;
            else readers--;
            yield* writes ? lock.writeUnlock(worker) : lock.readUnlock(worker);
          }
        };
        runPlans(rig, plans, body, cancellations, weave);
      }),
      { numRuns: 2 * NUM_RUNS },
    );
    expect(together).toBeGreaterThan(0);
  });

  it("is phase-fair: a writer comes after all who waited, a reader after one writer", () => {
    fc.assert(
      fc.property(anyVisits, anyWeave, (plans, weave) => {
        const rig = new SyncRig();
        const lock = new RwLock(rig);
        let written = 0;
        const body = function* (worker: RigWorker, visits: (typeof plans)[number]): Coroutine<void> {
          for (const { writes, hold } of visits) {
            const before = waitersOf(rig);
            let writtenWhenParked: number | undefined;
            const asks = writes ? lock.writeLock(worker) : lock.readLock(worker);
            for (let step = asks.next(); step.done !== true; step = asks.next(RESUME)) {
              if (worker.waits) writtenWhenParked ??= written;
              yield step.value;
            }
            worker.done++;
            if (writes) {
              written++;
              for (const [other, done] of before) expect(other.done).toBeGreaterThan(done);
            } else expect(written - (writtenWhenParked ?? written)).toBeLessThanOrEqual(1);
            yield* worker.pause(hold);
            yield* writes ? lock.writeUnlock(worker) : lock.readUnlock(worker);
          }
        };
        runPlans(rig, plans, body, [], weave);
      }),
      { numRuns: NUM_RUNS },
    );
  });
});

describe("a condition variable", () => {
  it("loses no item and no waiter: a bounded buffer with deadlines and cancellations", () => {
    const anyPlan = fc.record({
      items: fc.array(fc.nat(15), { maxLength: 4 }),
      patience: fc.array(anyPatience, { maxLength: 3 }),
    });
    fc.assert(
      fc.property(
        fc.array(anyPlan, { minLength: 2, maxLength: 5 }),
        anyCancellations,
        anyWeave,
        (plans, cancellations, weave) => {
          const rig = new SyncRig();
          const mutex = new Mutex(rig);
          const filled = new Condvar(rig, mutex);
          const buffer: number[] = [];
          let produced = 0;
          let consumed = 0;
          let producers = plans.length;
          const body = function* (worker: RigWorker, plan: (typeof plans)[number]): Coroutine<void> {
            for (const pauses of plan.items) {
              yield* worker.pause(pauses);
              yield* worker.shield(() => mutex.lock(worker));
              buffer.push(produced++);
              yield* mutex.unlock(worker);
              yield* filled.notify(worker);
            }
            yield* worker.shield(() => mutex.lock(worker));
            producers--;
            yield* mutex.unlock(worker);
            yield* filled.notifyAll(worker);
            for (const patience of plan.patience) {
              const deadlineNs = deadlineOf(worker, patience);
              yield* worker.shield(() => mutex.lock(worker));
              let giveUp = false;
              while (buffer.length === 0 && producers > 0 && !giveUp) {
                const notified = yield* unlessCancelled(filled.waitUntil(worker, deadlineNs));
                expect(worker.held).toEqual([mutex]);
                giveUp = notified !== true;
              }
              // One at a time: what was notified for must be there for somebody.
              if (buffer.shift() !== undefined) consumed++;
              yield* mutex.unlock(worker);
            }
          };
          runPlans(rig, plans, body, cancellations, weave);
          expect(consumed + buffer.length).toBe(produced);
        },
      ),
      { numRuns: NUM_RUNS },
    );
  });
});
