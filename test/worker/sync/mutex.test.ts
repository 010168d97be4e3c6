/** Mutex: who gets it, what it costs, misuse. */
import { describe, expect, it } from "vitest";
import type { Coroutine } from "../../../src/atomics/step.ts";
import { abandonHeld } from "../../../src/worker/sync/held.ts";
import { Mutex, type MutexOptions } from "../../../src/worker/sync/mutex.ts";
import type { Worker } from "../../../src/worker/worker.ts";
import { complaintOf, costOf, runWorkers, smallMachine } from "./fixture.ts";

/** One worker takes the lock over and over, another wants it once from 10 us on. Returns how often the first had it. */
function roundsBeforeTheOther(options: MutexOptions): number {
  const machine = smallMachine();
  const mutex = new Mutex(machine, options);
  let rounds = 0;
  let had: number | undefined;
  runWorkers(
    machine,
    function* (worker) {
      while (had === undefined && rounds < 100) {
        yield* mutex.lock(worker);
        yield* worker.sleep(30_000);
        rounds++;
        yield* mutex.unlock(worker);
      }
    },
    function* (worker) {
      yield* worker.sleep(10_000);
      yield* mutex.lock(worker);
      had = rounds;
      yield* mutex.unlock(worker);
    },
  );
  return had!;
}

describe("who gets a mutex", () => {
  it("fair: whoever waits, at the next unlock", () => {
    expect(roundsBeforeTheOther({ fair: true })).toBe(1);
  });

  it("barging: whoever is there, but nobody waits for more than the bound and a section", () => {
    const rounds = roundsBeforeTheOther({});
    expect(rounds).toBeGreaterThan(10);
    expect(rounds).toBeLessThan(40);
    expect(roundsBeforeTheOther({ handOffAfterNs: 100_000 })).toBeLessThan(8);
    expect(roundsBeforeTheOther({ handOffAfterNs: Number.POSITIVE_INFINITY })).toBe(100);
  });

  it("withLock lets go whatever happens in it", () => {
    const machine = smallMachine();
    const mutex = new Mutex(machine);
    runWorkers(machine, function* (worker) {
      expect(yield* mutex.withLock(worker, () => mutex.heldBy(worker))).toBe(true);
      const throws = function* (): Coroutine<void> {
        yield* worker.work(1);
        throw new RangeError("inside");
      };
      expect(yield* complaintOf(mutex.withLock(worker, throws))).toContain("inside");
      expect(yield* mutex.heldBy(worker)).toBe(false);
    });
  });

  it("tryLock takes what is free and waits for nothing; lockUntil does not wait beyond its deadline", () => {
    const machine = smallMachine();
    const mutex = new Mutex(machine);
    const seen: unknown[] = [];
    runWorkers(
      machine,
      function* (worker) {
        seen.push(yield* mutex.tryLock(worker), yield* mutex.tryLock(worker));
        yield* worker.sleep(500_000);
        yield* mutex.unlock(worker);
      },
      function* (worker) {
        yield* worker.sleep(100_000);
        seen.push(yield* mutex.tryLock(worker), yield* mutex.lockUntil(worker, 0));
        seen.push(yield* mutex.lockUntil(worker, 300_000));
        const passed = worker.now();
        seen.push(passed >= 300_000 && passed < 350_000, yield* mutex.lockUntil(worker, 900_000));
        yield* mutex.unlock(worker);
      },
    );
    expect(seen).toEqual([true, false, false, false, false, true, true]);
  });
});

describe("what a mutex costs", () => {
  it("one memory operation to lock and one to unlock, when nobody else wants it", () => {
    const costs = costOf((rig) => {
      const mutex = new Mutex(rig);
      return (worker) => [
        mutex.lock(worker),
        mutex.unlock(worker),
        mutex.tryLock(worker),
        mutex.unlock(worker),
      ];
    });
    expect(costs).toEqual([1, 1, 1, 1]);
  });
});

describe("misuse of a mutex", () => {
  it("is refused, names the mutex and the workers, and changes nothing", () => {
    const machine = smallMachine();
    const mutex = new Mutex(machine, { name: "accounts" });
    const seen: string[] = [];
    runWorkers(
      machine,
      function* (worker) {
        seen.push(yield* complaintOf(mutex.unlock(worker)));
        yield* mutex.lock(worker);
        seen.push(yield* complaintOf(mutex.lock(worker)));
        yield* worker.sleep(100_000);
        yield* mutex.unlock(worker);
      },
      function* (worker) {
        yield* worker.sleep(50_000);
        seen.push(yield* complaintOf(mutex.unlock(worker)));
        yield* mutex.lock(worker);
        yield* mutex.unlock(worker);
      },
    );
    expect(seen[0]).toMatch(/^ERR_LOCK_NOT_HELD mutex accounts: w0 \(tid \d+\) unlocks what nobody holds$/);
    expect(seen[1]).toMatch(/^ERR_LOCK_RECURSIVE mutex accounts: w0 \(tid \d+\) holds it already$/);
    expect(seen[2]).toMatch(/^ERR_LOCK_STRANGER mutex accounts: w1 \(tid \d+\) unlocks what tid \d+ holds$/);
  });

  it("a worker that ends with it: those who wait and those who come get ERR_LOCK_ABANDONED", () => {
    const machine = smallMachine();
    const mutex = new Mutex(machine, { name: "kept" });
    const seen: string[] = [];
    const wants = function* (worker: Worker): Coroutine<void> {
      yield* worker.sleep(50_000);
      seen.push(yield* complaintOf(mutex.lock(worker)));
      seen.push(yield* complaintOf(mutex.lock(worker)));
      expect(yield* mutex.tryLock(worker)).toBe(false);
      expect(worker.held).toEqual([]);
    };
    runWorkers(
      machine,
      function* (worker) {
        yield* mutex.lock(worker);
        yield* worker.sleep(100_000);
        const error = yield* abandonHeld(worker);
        expect(error).toMatchObject({ code: "ERR_LOCK_HELD", object: "mutex kept" });
        expect(yield* abandonHeld(worker)).toBe(undefined);
        seen.push(yield* complaintOf(mutex.unlock(worker)));
      },
      wants,
      wants,
    );
    expect(seen).toHaveLength(5);
    expect(seen.filter((line) => line.startsWith("ERR_LOCK_ABANDONED mutex kept: tid "))).toHaveLength(4);
    expect(seen.filter((line) => line.startsWith("ERR_LOCK_STRANGER"))).toHaveLength(1);
  });

  it.each([-1, Number.NaN])("handOffAfterNs: %s is ERR_SYNC_CONFIG", (handOffAfterNs) => {
    expect(() => new Mutex(smallMachine(), { handOffAfterNs })).toThrow(
      expect.objectContaining({ code: "ERR_SYNC_CONFIG" }),
    );
  });
});
