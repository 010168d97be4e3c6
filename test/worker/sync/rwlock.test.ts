/** RwLock: phases, cost, misuse. */
import { describe, expect, it } from "vitest";
import { abandonHeld } from "../../../src/worker/sync/held.ts";
import { RwLock } from "../../../src/worker/sync/rwlock.ts";
import { type Body, complaintOf, costOf, runWorkers, smallMachine } from "./fixture.ts";

describe("a reader-writer lock", () => {
  it("lets readers in together and gives reading and writing turns", () => {
    const machine = smallMachine();
    const lock = new RwLock(machine);
    const order: string[] = [];
    const at = (ns: number, kind: "r" | "w"): Body =>
      function* (worker) {
        yield* worker.sleep(ns);
        yield* kind === "r" ? lock.readLock(worker) : lock.writeLock(worker);
        order.push(`${kind}${ns / 1000}`);
        yield* worker.sleep(500_000);
        order.push(`/${ns / 1000}`);
        yield* kind === "r" ? lock.readUnlock(worker) : lock.writeUnlock(worker);
      };
    // 10 and 20 read; 30 and 50 want to write; 40 and 60 want to read and come after the writer 30, not after 50.
    runWorkers(
      machine,
      ...[10, 20].map((us) => at(us * 1000, "r")),
      at(30_000, "w"),
      at(40_000, "r"),
      at(50_000, "w"),
      at(60_000, "r"),
    );
    expect(order).toEqual([
      "r10",
      "r20",
      "/10",
      "/20",
      "w30",
      "/30",
      "r40",
      "r60",
      "/40",
      "/60",
      "w50",
      "/50",
    ]);
  });

  it("lets readers that waited behind a writer in when the writer gives up", () => {
    const machine = smallMachine();
    const lock = new RwLock(machine);
    const order: string[] = [];
    runWorkers(
      machine,
      function* (worker) {
        yield* lock.readLock(worker);
        yield* worker.sleep(900_000);
        order.push("first leaves");
        yield* lock.readUnlock(worker);
      },
      function* (worker) {
        yield* worker.sleep(100_000);
        expect(yield* lock.writeLockUntil(worker, 400_000)).toBe(false);
      },
      function* (worker) {
        yield* worker.sleep(200_000);
        yield* lock.readLock(worker);
        order.push("second in");
        yield* lock.readUnlock(worker);
        yield* lock.writeLock(worker);
        order.push("writes");
        yield* lock.writeUnlock(worker);
      },
    );
    expect(order).toEqual(["second in", "first leaves", "writes"]);
  });

  it("costs a load and a compare-exchange to read, one compare-exchange to write, and as much to leave", () => {
    const costs = costOf((rig) => {
      const lock = new RwLock(rig);
      return (worker) => [
        lock.readLock(worker),
        lock.readUnlock(worker),
        lock.writeLock(worker),
        lock.writeUnlock(worker),
      ];
    });
    expect(costs).toEqual([2, 2, 1, 1]);
  });

  it("refuses misuse, names the lock and the workers, and changes nothing", () => {
    const machine = smallMachine();
    const lock = new RwLock(machine, { name: "table" });
    const seen: string[] = [];
    runWorkers(
      machine,
      function* (worker) {
        seen.push(yield* complaintOf(lock.readUnlock(worker)), yield* complaintOf(lock.writeUnlock(worker)));
        yield* lock.readLock(worker);
        seen.push(yield* complaintOf(lock.writeLock(worker)), yield* complaintOf(lock.readLock(worker)));
        seen.push(yield* complaintOf(lock.writeUnlock(worker)));
        yield* worker.sleep(100_000);
        yield* lock.readUnlock(worker);
        yield* lock.writeLock(worker);
        seen.push(yield* complaintOf(lock.readUnlock(worker)));
        yield* lock.writeUnlock(worker);
      },
      function* (worker) {
        yield* worker.sleep(50_000);
        seen.push(yield* complaintOf(lock.readUnlock(worker)));
      },
    );
    expect(seen.map((line) => line.split(" ")[0])).toEqual([
      "ERR_LOCK_NOT_HELD",
      "ERR_LOCK_NOT_HELD",
      "ERR_LOCK_RECURSIVE",
      "ERR_LOCK_RECURSIVE",
      "ERR_LOCK_STRANGER",
      "ERR_LOCK_STRANGER",
      "ERR_LOCK_STRANGER",
    ]);
    expect(seen[5]).toMatch(/rwlock table: w1 \(tid \d+\) stops reading what 1 workers read$/);
  });

  it("ended with: a reader's place is given up, a writer's lock is abandoned", () => {
    const machine = smallMachine();
    const lock = new RwLock(machine);
    const seen: string[] = [];
    runWorkers(
      machine,
      function* (worker) {
        yield* lock.readLock(worker);
        yield* worker.sleep(100_000);
        expect(yield* abandonHeld(worker)).toMatchObject({ code: "ERR_LOCK_HELD" });
      },
      function* (worker) {
        yield* worker.sleep(50_000);
        yield* lock.writeLock(worker);
        seen.push("writes");
        yield* worker.sleep(100_000);
        yield* abandonHeld(worker);
      },
      function* (worker) {
        yield* worker.sleep(180_000);
        seen.push((yield* complaintOf(lock.readLock(worker))).split(" ")[0]!);
        seen.push((yield* complaintOf(lock.writeLock(worker))).split(" ")[0]!);
      },
    );
    expect(seen).toEqual(["writes", "ERR_LOCK_ABANDONED", "ERR_LOCK_ABANDONED"]);
  });
});
