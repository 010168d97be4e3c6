/** Synchronisation on machines: workers that wait cost no server, and deadlines pass on the machine's clock. */
import { describe, expect, it } from "vitest";
import {
  Channel,
  createMachine,
  createRuntime,
  Mutex,
  receiveFrom,
  selectUntil,
} from "../../../src/index.ts";
import { errorOf } from "../../support/boot.ts";

describe("on a machine", () => {
  it("a worker that waits for a lock leaves its server to others", () => {
    const machine = createMachine({ vcpus: 1 });
    const runtime = createRuntime(machine, { policy: "fifo" });
    const mutex = new Mutex(machine, { fair: true });
    const order: string[] = [];
    runtime.spawn(function* (worker) {
      yield* mutex.lock(worker);
      yield* worker.sleep(100_000);
      order.push("unlocks");
      yield* mutex.unlock(worker);
    });
    for (const name of ["a", "b"]) {
      runtime.spawn(function* (worker) {
        yield* worker.sleep(name === "a" ? 1_000 : 20_000);
        yield* mutex.lock(worker);
        order.push(name);
        yield* mutex.unlock(worker);
      });
    }
    runtime.spawn(function* (worker) {
      yield* worker.sleep(50_000);
      order.push("runs meanwhile");
    });
    machine.run();
    expect(order).toEqual(["runs meanwhile", "unlocks", "a", "b"]);
  });

  it("a deadline passes, on an object and in a select", () => {
    const machine = createMachine({ vcpus: 2 });
    const runtime = createRuntime(machine, { policy: "fifo" });
    const channel = new Channel<number>(machine);
    const seen: unknown[] = [];
    runtime.spawn(function* (worker) {
      seen.push(yield* channel.receiveUntil(worker, 200_000));
      seen.push(yield* selectUntil(worker, [receiveFrom(channel)], 400_000));
      seen.push(worker.now() >= 400_000);
      seen.push(yield* channel.receiveUntil(worker, 10_000_000));
    });
    runtime.spawn(function* (worker) {
      yield* worker.sleep(600_000);
      yield* channel.send(worker, 7);
    });
    machine.run();
    expect(seen).toEqual([
      { status: "timeout" },
      { index: -1, status: "timeout" },
      true,
      { status: "value", value: 7 },
    ]);
  });

  it("a worker that ends with a lock in its hands fails with ERR_LOCK_HELD", () => {
    const machine = createMachine({ vcpus: 1 });
    const runtime = createRuntime(machine, { policy: "fifo" });
    const mutex = new Mutex(machine, { name: "kept" });
    runtime.spawn(function* (worker) {
      yield* mutex.lock(worker);
    });
    const { cause } = errorOf(() => machine.run());
    expect(cause).toMatchObject({ cause: { code: "ERR_LOCK_HELD", object: "mutex kept" } });
  });
});
