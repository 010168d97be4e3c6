/**
 * Channels whose values are in user memory, as on machines whose CPUs have objects of their own: on a simulated machine that says it
 * is one, so that every run is the same. On real threads: examples/pipeline.ts.
 */
import { describe, expect, test } from "vitest";
import {
  Channel,
  createMachine,
  createRuntime,
  type Machine,
  receiveFrom,
  select,
  sendTo,
  trySelect,
} from "../../../src/index.ts";

/** What a channel is made on. `cpuOf`: who executes, as the channel sees it. */
function manyIsolates(machine: Machine, cpuOf: () => number) {
  const kernel = {
    manyIsolates: true,
    get cpu() {
      return cpuOf();
    },
  };
  return { kernel, allocate: (bytes: number, align?: number) => machine.allocate(bytes, align) };
}

const PLAIN = [0, -0, 1.5, Number.NaN, Number.NEGATIVE_INFINITY, 2 ** 53, undefined, null, true, false];

describe.each([0, 1, 3])("a channel of capacity %i in words", (capacity) => {
  test.each([1, 2])("carries numbers and the like between %i CPUs, in the order sent", (vcpus) => {
    const machine = createMachine({ vcpus });
    const runtime = createRuntime(machine);
    const channel = new Channel<unknown>(
      manyIsolates(machine, () => machine.kernel.cpu),
      capacity,
    );
    const received: unknown[] = [];
    runtime.spawn(function* (worker) {
      for (const value of PLAIN) yield* channel.send(worker, value);
      yield* channel.close(worker);
    });
    runtime.spawn(function* (worker) {
      if (capacity === 3) yield* worker.sleep(100_000);
      yield* channel.forEach(worker, function* (value) {
        received.push(value);
        if (received.length % 3 === 0) yield* worker.sleep(10_000);
      });
    });
    machine.run();
    expect(received).toEqual(PLAIN);
  });

  test.each([0, 100_000])(
    "gives an object to a receiver on its sender's CPU, tells any other, and the sender goes on; it comes %i ns late",
    (lateNs) => {
      const machine = createMachine({});
      const runtime = createRuntime(machine);
      const abroad = new Set<number>();
      const where = (): number => (abroad.has(machine.kernel.current) ? 1 : 0);
      const channel = new Channel<unknown>(manyIsolates(machine, where), capacity, { name: "objects" });
      const values = [{ a: 1 }, "text", { b: 2 }];
      const got: unknown[] = [];
      const sender = runtime.spawn(function* (worker) {
        for (const value of values) yield* channel.send(worker, value);
        return "sent";
      });
      runtime.spawn(function* (worker) {
        yield* worker.sleep(lateNs);
        got.push(yield* channel.receive(worker));
        abroad.add(worker.tid);
        for (const receive of [() => channel.receive(worker), () => select(worker, [receiveFrom(channel)])]) {
          try {
            got.push(yield* receive());
          } catch (error) {
            got.push(error);
          }
        }
      });
      machine.run();
      expect(sender.result).toBe("sent");
      const message = expect.stringMatching(
        /^channel objects: what worker-1 .* lies on CPU 0, and is no number$/,
      );
      const error = expect.objectContaining({ code: "ERR_VALUE_STAYS", message });
      expect(got).toEqual([{ status: "value", value: values[0] }, error, error]);
    },
  );
});

test("a select sends and receives words, also as one that waits; what it did not send is forgotten", () => {
  const machine = createMachine({ vcpus: 2 });
  const runtime = createRuntime(machine);
  const at = manyIsolates(machine, () => machine.kernel.cpu);
  const [there, back, never] = [0, 0, 0].map((capacity) => new Channel<number>(at, capacity)) as [
    Channel<number>,
    Channel<number>,
    Channel<number>,
  ];
  const got: unknown[] = [];
  runtime.spawn(function* (worker) {
    for (let n = 1; n <= 4; n++) {
      got.push(yield* select(worker, [sendTo(there, n), sendTo(never, -n)]));
      if (n % 2 === 0) yield* worker.sleep(50_000);
      got.push(yield* select(worker, [receiveFrom(back), receiveFrom(never)]));
    }
    got.push(yield* trySelect(worker, [receiveFrom(back)]));
    got.push(yield* never.receiveUntil(worker, worker.now() + 1000));
    got.push(yield* never.sendUntil(worker, 9, worker.now() + 1000));
    got.push(yield* never.tryReceive(worker));
  });
  runtime.spawn(function* (worker) {
    for (let n = 1; n <= 4; n++) {
      const next = yield* there.receive(worker);
      if (next.status === "value") yield* back.send(worker, 10 * next.value);
    }
  });
  machine.run();
  const rounds = [1, 2, 3, 4].flatMap((n) => [
    { index: 0, status: "sent" },
    { index: 0, status: "value", value: 10 * n },
  ]);
  expect(got).toEqual([
    ...rounds,
    { index: -1, status: "none" },
    { status: "timeout" },
    false,
    { status: "empty" },
  ]);
});
