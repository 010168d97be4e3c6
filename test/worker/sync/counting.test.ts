/** Semaphore, Barrier, Once and WaitGroup: what they promise on their edges, what they cost, misuse. */
import { describe, expect, it } from "vitest";
import type { Coroutine } from "../../../src/atomics/step.ts";
import { Barrier } from "../../../src/worker/sync/barrier.ts";
import { Once } from "../../../src/worker/sync/once.ts";
import { Semaphore } from "../../../src/worker/sync/semaphore.ts";
import { WaitGroup } from "../../../src/worker/sync/wait-group.ts";
import { type Body, complaintOf, costOf, runWorkers, smallMachine } from "./fixture.ts";

describe("a semaphore", () => {
  it("does not let few overtake many, and lets few in when many gives up", () => {
    const machine = smallMachine();
    const semaphore = new Semaphore(machine, 2);
    const order: string[] = [];
    const wants = (ns: number, permits: number, untilNs = Number.POSITIVE_INFINITY): Body =>
      function* (worker) {
        yield* worker.sleep(ns);
        const got = yield* semaphore.acquireUntil(worker, untilNs, permits);
        order.push(`${worker.name} ${got ? "has" : "gives up"}`);
      };
    runWorkers(machine, wants(0, 1), wants(50_000, 2, 200_000), wants(100_000, 1), function* (worker) {
      yield* worker.sleep(150_000);
      order.push(`${yield* semaphore.available(worker)} there, ${yield* semaphore.tryAcquire(worker)}`);
    });
    expect(order).toEqual(["w0 has", "1 there, false", "w1 gives up", "w2 has"]);
  });

  it("hands what is released to as many as it is enough for", () => {
    const machine = smallMachine();
    const semaphore = new Semaphore(machine, 0);
    const order: string[] = [];
    const wants = (ns: number, permits: number): Body =>
      function* (worker) {
        yield* worker.sleep(ns);
        yield* semaphore.acquire(worker, permits);
        order.push(worker.name);
      };
    runWorkers(machine, wants(10_000, 1), wants(20_000, 2), wants(30_000, 2), function* (worker) {
      yield* worker.sleep(100_000);
      yield* semaphore.release(worker, 4);
      yield* worker.sleep(100_000);
      order.push(String(yield* semaphore.available(worker)));
      yield* semaphore.release(worker);
    });
    expect(order).toEqual(["w0", "w1", "1", "w2"]);
  });

  it("costs a load and a compare-exchange each way", () => {
    const costs = costOf((rig) => {
      const semaphore = new Semaphore(rig, 3);
      return (worker) => [semaphore.acquire(worker, 2), semaphore.release(worker, 2)];
    });
    expect(costs).toEqual([2, 2]);
  });

  it("refuses a release beyond its maximum, with and without waiters, and numbers that are none", () => {
    const machine = smallMachine();
    const semaphore = new Semaphore(machine, 1, { maximum: 2, name: "pool" });
    const seen: string[] = [];
    runWorkers(
      machine,
      function* (worker) {
        seen.push(yield* complaintOf(semaphore.release(worker, 2)));
        for (const permits of [0, -1, 0.5, 3]) {
          seen.push((yield* complaintOf(semaphore.acquire(worker, permits))).split(" ")[0]!);
        }
        yield* worker.sleep(100_000);
        seen.push(yield* complaintOf(semaphore.release(worker, 2)));
        yield* semaphore.release(worker);
      },
      function* (worker) {
        yield* worker.sleep(50_000);
        yield* semaphore.acquire(worker, 2);
      },
    );
    const overflow =
      /^ERR_SEMAPHORE_OVERFLOW semaphore pool: w0 \(tid \d+\) releases 2, which makes 3 of at most 2$/;
    expect(seen[0]).toMatch(overflow);
    expect(seen.slice(1, 5)).toEqual(new Array(4).fill("ERR_SYNC_CONFIG"));
    expect(seen[5]).toMatch(overflow);
    for (const permits of [-1, 1.5, 3]) {
      expect(() => new Semaphore(machine, permits, { maximum: 2 })).toThrow(
        expect.objectContaining({
          code: "ERR_SYNC_CONFIG",
          message: expect.stringContaining(String(permits)),
        }),
      );
    }
  });
});

describe("a barrier", () => {
  it("is as new after each round; an arrival that is taken back does not count", () => {
    const machine = smallMachine();
    const barrier = new Barrier(machine, 2);
    const seen: string[] = [];
    runWorkers(
      machine,
      function* (worker) {
        seen.push(`0 ${yield* barrier.waitUntil(worker, 50_000)}`);
        yield* worker.sleep(100_000);
        for (let round = 0; round < 3; round++) seen.push(`0 ${yield* barrier.waitUntil(worker, 1_000_000)}`);
      },
      function* (worker) {
        yield* worker.sleep(90_000);
        for (let round = 0; round < 3; round++) seen.push(`1 ${yield* barrier.waitUntil(worker, 1_000_000)}`);
      },
    );
    expect(seen[0]).toBe("0 timeout");
    expect(seen.filter((line) => line.endsWith("last"))).toHaveLength(3);
    expect(seen.filter((line) => line.endsWith("passed"))).toHaveLength(3);
  });

  it.each([0, -1, 1.5])("of %s is ERR_SYNC_CONFIG", (parties) => {
    expect(() => new Barrier(smallMachine(), parties)).toThrow(
      expect.objectContaining({ code: "ERR_SYNC_CONFIG", message: expect.stringContaining(String(parties)) }),
    );
  });
});

describe("a once", () => {
  it("runs one function, gives all its result, and costs a load from then on", () => {
    const costs = costOf((rig) => {
      const once = new Once<number>(rig);
      const one = function* (): Coroutine<number> {
        yield* rig.memory.load32(rig.word());
        return 1;
      };
      return (worker) => [once.run(worker, one), once.run(worker, one)];
    });
    expect(costs[1]).toBe(1);
  });

  it("is not done by a function that throws: the next one tries, and those who wait get its result", () => {
    const machine = smallMachine();
    const once = new Once<string>(machine, { name: "table" });
    const seen: string[] = [];
    const asks = (name: string): Body =>
      function* (worker) {
        const make = function* (): Coroutine<string> {
          yield* worker.sleep(50_000);
          if (name === "a") throw new RangeError("a fails");
          return name;
        };
        yield* worker.sleep(name.charCodeAt(0) * 100);
        const failed = yield* complaintOf(
          (function* () {
            seen.push(`${name} has ${yield* once.run(worker, make)}`);
          })(),
        );
        if (failed !== "nothing") seen.push(failed);
      };
    runWorkers(machine, asks("a"), asks("b"), asks("c"));
    expect(seen.toSorted()).toEqual(["b has b", "c has b", "undefined a fails"]);
  });

  it("refuses to be run by its own function, and waits for another's no longer than its deadline", () => {
    const machine = smallMachine();
    const once = new Once<number>(machine, { name: "self" });
    const seen: string[] = [];
    runWorkers(
      machine,
      function* (worker) {
        const again = (): Coroutine<number> => once.run(worker, again);
        seen.push(yield* complaintOf(once.run(worker, again)));
        yield* once.run(worker, function* () {
          yield* worker.sleep(200_000);
          return 1;
        });
      },
      function* (worker) {
        yield* worker.sleep(50_000);
        const none = function* (): Coroutine<number> {
          yield* worker.work(1);
          return 2;
        };
        seen.push(String(yield* once.runUntil(worker, none, 100_000)));
        seen.push(JSON.stringify(yield* once.runUntil(worker, none, 900_000)));
      },
    );
    expect(seen[0]).toMatch(/^ERR_ONCE_RECURSIVE once self: w0 \(tid \d+\) runs it already$/);
    expect(seen.slice(1)).toEqual(["undefined", '{"result":1}']);
  });
});

describe("a wait group", () => {
  it("lets all waiters go when the count is zero, no one before, and can be used again", () => {
    const machine = smallMachine();
    const group = new WaitGroup(machine);
    const order: string[] = [];
    const waits: Body = function* (worker) {
      yield* worker.sleep(10_000);
      yield* group.wait(worker);
      order.push(worker.name);
      yield* worker.sleep(50_000);
      expect(yield* group.waitUntil(worker, worker.now() + 10_000)).toBe(false);
      yield* group.wait(worker);
      order.push(worker.name);
    };
    runWorkers(machine, waits, waits, function* (worker) {
      yield* group.add(worker, 2);
      yield* worker.sleep(50_000);
      yield* group.done(worker);
      yield* worker.sleep(50_000);
      order.push("done");
      yield* group.done(worker);
      yield* group.add(worker);
      yield* worker.sleep(200_000);
      order.push("done");
      yield* group.done(worker);
      yield* group.wait(worker);
    });
    expect(order.map((name) => (name === "done" ? name : "w"))).toEqual(["done", "w", "w", "done", "w", "w"]);
  });

  it("costs a load and a compare-exchange to count, a load to find nothing to wait for", () => {
    const costs = costOf((rig) => {
      const group = new WaitGroup(rig);
      return (worker) => [group.add(worker, 2), group.add(worker, -2), group.wait(worker)];
    });
    expect(costs).toEqual([2, 2, 1]);
  });

  it("refuses a count below zero, beyond its maximum, or broken, with and without waiters", () => {
    const machine = smallMachine();
    const group = new WaitGroup(machine, { name: "jobs" });
    const seen: string[] = [];
    runWorkers(
      machine,
      function* (worker) {
        for (const delta of [-1, 2 ** 30, 0.5]) seen.push(yield* complaintOf(group.add(worker, delta)));
        yield* group.add(worker);
        yield* worker.sleep(100_000);
        seen.push(yield* complaintOf(group.add(worker, -2)));
        yield* group.done(worker);
      },
      function* (worker) {
        yield* worker.sleep(50_000);
        yield* group.wait(worker);
      },
    );
    expect(seen).toHaveLength(4);
    for (const line of seen)
      expect(line).toMatch(
        /^ERR_WAITGROUP_COUNT waitgroup jobs: w0 \(tid \d+\) adds \S+ to [01], which must stay/,
      );
  });
});
