/** Condvar: order, deadlines, cancellation, misuse. */
import { describe, expect, it } from "vitest";
import { createRuntime } from "../../../src/worker/runtime.ts";
import { Condvar } from "../../../src/worker/sync/condvar.ts";
import { Mutex } from "../../../src/worker/sync/mutex.ts";
import { type Body, complaintOf, runWorkers, smallMachine } from "./fixture.ts";

describe("a condition variable", () => {
  it("notifies in the order of waiting, one or all, and nobody who comes later", () => {
    const machine = smallMachine();
    const mutex = new Mutex(machine);
    const condvar = new Condvar(machine, mutex);
    const order: string[] = [];
    const waiter = (ns: number): Body =>
      function* (worker) {
        yield* worker.sleep(ns);
        yield* mutex.lock(worker);
        yield* condvar.wait(worker);
        order.push(worker.name);
        yield* mutex.unlock(worker);
      };
    runWorkers(machine, waiter(10_000), waiter(20_000), waiter(30_000), function* (worker) {
      yield* condvar.notify(worker);
      yield* worker.sleep(100_000);
      order.push("one");
      yield* condvar.notify(worker);
      yield* worker.sleep(100_000);
      order.push("all");
      yield* condvar.notifyAll(worker);
    });
    expect(order).toEqual(["one", "w0", "all", "w1", "w2"]);
  });

  it("returns with the mutex held when the deadline has passed, and says so", () => {
    const machine = smallMachine();
    const mutex = new Mutex(machine);
    const condvar = new Condvar(machine, mutex);
    const seen: unknown[] = [];
    runWorkers(
      machine,
      function* (worker) {
        yield* mutex.lock(worker);
        seen.push(yield* condvar.waitUntil(worker, 100_000));
        // The other had the mutex until then.
        seen.push(worker.now() >= 300_000, yield* mutex.heldBy(worker));
        yield* mutex.unlock(worker);
      },
      function* (worker) {
        yield* worker.sleep(50_000);
        yield* mutex.lock(worker);
        yield* worker.sleep(250_000);
        yield* mutex.unlock(worker);
      },
    );
    expect(seen).toEqual([false, true, true]);
  });

  it("throws ERR_CANCELLED with the mutex held", () => {
    const machine = smallMachine();
    const mutex = new Mutex(machine);
    const condvar = new Condvar(machine, mutex);
    const runtime = createRuntime(machine, { policy: "fifo" });
    const seen: string[] = [];
    const waiter = runtime.spawn(function* (worker) {
      yield* mutex.lock(worker);
      seen.push((yield* complaintOf(condvar.wait(worker))).split(" ")[0]!);
      seen.push(String(yield* mutex.heldBy(worker)));
      yield* mutex.unlock(worker);
    });
    runtime.spawn(function* (worker) {
      yield* worker.sleep(50_000);
      yield* mutex.lock(worker);
      yield* worker.cancel(waiter);
      yield* worker.sleep(50_000);
      yield* mutex.unlock(worker);
      yield* condvar.notify(worker);
    });
    machine.run();
    expect(seen).toEqual(["ERR_CANCELLED", "true"]);
  });

  it("refuses to wait without the mutex, and names it", () => {
    const machine = smallMachine();
    const mutex = new Mutex(machine, { name: "m" });
    const condvar = new Condvar(machine, mutex, { name: "c" });
    const seen: string[] = [];
    runWorkers(
      machine,
      function* (worker) {
        yield* mutex.lock(worker);
        yield* worker.sleep(50_000);
        yield* mutex.unlock(worker);
      },
      function* (worker) {
        seen.push(yield* complaintOf(condvar.wait(worker)));
        yield* worker.sleep(90_000);
        seen.push(yield* complaintOf(condvar.wait(worker)));
      },
    );
    for (const line of seen)
      expect(line).toMatch(/^ERR_CONDVAR_UNLOCKED condvar c: w1 \(tid \d+\) waits without holding mutex m$/);
    expect(seen).toHaveLength(2);
  });
});
