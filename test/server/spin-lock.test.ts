/** The library's spin lock: its waiter lets whom it waits for get on, whatever class either is of. */
import { expect, it } from "vitest";
import { createMachine, spinLock, spinUnlock } from "../../src/index.ts";

it("is got by a real-time task that has interrupted its owner on the same CPU", () => {
  const machine = createMachine({ vcpus: 1 });
  const lock = machine.allocate(4);
  const order: string[] = [];
  machine.spawn(function* (env) {
    yield* spinLock(env, lock);
    order.push("taken");
    yield* env.work(100_000);
    order.push("freed");
    yield* spinUnlock(env, lock);
  });
  machine.spawn(
    function* (env) {
      yield* env.sys.nanosleep(20_000);
      order.push("asked");
      yield* spinLock(env, lock);
      order.push("got");
    },
    { policy: "fifo", rtPriority: 1 },
  );
  expect(machine.run().virtualNs).toBeLessThan(300_000);
  expect(order).toEqual(["taken", "asked", "freed", "got"]);
});
