/** Channels and select: order, closing, deadlines, cancellation, the drawing of cases, misuse. */
import { describe, expect, it } from "vitest";
import type { Coroutine } from "../../../src/atomics/step.ts";
import { createRuntime } from "../../../src/worker/runtime.ts";
import { Channel } from "../../../src/worker/sync/channel.ts";
import { receiveFrom, select, selectUntil, sendTo, trySelect } from "../../../src/worker/sync/select.ts";
import type { Worker } from "../../../src/worker/worker.ts";
import { type Body, complaintOf, costOf, runWorkers, smallMachine } from "./fixture.ts";

function firstWord(line: string): string {
  return line.split(" ")[0]!;
}

describe("a channel", () => {
  it.each([0, 1, 3])("with capacity %s keeps the order, and holds that many values", (capacity) => {
    const machine = smallMachine();
    const channel = new Channel<number>(machine, capacity);
    const received: number[] = [];
    let sent = 0;
    runWorkers(
      machine,
      function* (worker) {
        for (sent = 0; sent < 10; sent++) yield* channel.send(worker, sent);
        yield* channel.close(worker);
      },
      function* (worker) {
        yield* worker.sleep(100_000);
        expect(sent).toBe(capacity);
        yield* channel.forEach(worker, function* (value) {
          yield* worker.work(10);
          received.push(value);
        });
        expect(yield* channel.receive(worker)).toEqual({ status: "closed" });
      },
    );
    expect(received).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it("serves receivers and senders in the order of their coming", () => {
    const machine = smallMachine();
    const channel = new Channel<string>(machine);
    const order: string[] = [];
    const receiver = (ns: number): Body =>
      function* (worker) {
        yield* worker.sleep(ns);
        const received = yield* channel.receive(worker);
        order.push(`${worker.name} has ${received.status === "value" ? received.value : "none"}`);
      };
    const sender = (ns: number): Body =>
      function* (worker) {
        yield* worker.sleep(ns);
        yield* channel.send(worker, worker.name);
      };
    runWorkers(
      machine,
      receiver(10_000),
      receiver(20_000),
      sender(50_000),
      sender(60_000),
      sender(90_000),
      sender(100_000),
      receiver(200_000),
      receiver(210_000),
    );
    expect(order).toEqual(["w0 has w2", "w1 has w3", "w6 has w4", "w7 has w5"]);
  });

  it("closed: what is in it is received, all who wait are told, sending and closing are refused", () => {
    const machine = smallMachine();
    const full = new Channel<number>(machine, 1, { name: "full" });
    const empty = new Channel<number>(machine, 0, { name: "empty" });
    const seen: string[] = [];
    runWorkers(
      machine,
      function* (worker) {
        yield* full.send(worker, 1);
        seen.push(yield* complaintOf(full.send(worker, 2)));
      },
      function* (worker) {
        yield* worker.sleep(10_000);
        seen.push((yield* empty.receive(worker)).status);
      },
      function* (worker) {
        yield* worker.sleep(50_000);
        yield* full.close(worker);
        yield* empty.close(worker);
        yield* worker.sleep(50_000);
        seen.push(JSON.stringify([yield* full.receive(worker), yield* full.receive(worker)]));
        for (const refused of [full.close(worker), full.send(worker, 3), full.trySend(worker, 3)]) {
          seen.push(firstWord(yield* complaintOf(refused)));
        }
      },
    );
    expect(seen[0]).toMatch(/^ERR_CHANNEL_CLOSED channel full: is closed/);
    expect(seen.slice(1)).toEqual([
      "closed",
      '[{"status":"value","value":1},{"status":"closed"}]',
      "ERR_CHANNEL_CLOSED",
      "ERR_CHANNEL_CLOSED",
      "ERR_CHANNEL_CLOSED",
    ]);
  });

  it("gives up at a deadline, and a try at once", () => {
    const machine = smallMachine();
    const channel = new Channel<number>(machine, 1);
    runWorkers(machine, function* (worker) {
      expect(yield* channel.tryReceive(worker)).toEqual({ status: "empty" });
      expect(yield* channel.receiveUntil(worker, 50_000)).toEqual({ status: "timeout" });
      expect(yield* channel.trySend(worker, 1)).toBe(true);
      expect(yield* channel.trySend(worker, 2)).toBe(false);
      expect(yield* channel.sendUntil(worker, 3, 100_000)).toBe(false);
      expect(worker.now()).toBeGreaterThanOrEqual(100_000);
      expect(yield* channel.receive(worker)).toEqual({ status: "value", value: 1 });
      expect(yield* channel.tryReceive(worker)).toEqual({ status: "empty" });
    });
  });

  it("a cancelled receive leaves the value to others", () => {
    const machine = smallMachine();
    const channel = new Channel<number>(machine);
    const runtime = createRuntime(machine, { policy: "fifo" });
    const seen: unknown[] = [];
    const victim = runtime.spawn(function* (worker) {
      seen.push(firstWord(yield* complaintOf(channel.receive(worker))));
    });
    runtime.spawn(function* (worker) {
      yield* worker.sleep(50_000);
      yield* worker.cancel(victim);
      yield* worker.sleep(50_000);
      yield* channel.send(worker, 5);
    });
    runtime.spawn(function* (worker) {
      yield* worker.sleep(70_000);
      seen.push(yield* channel.receive(worker));
    });
    machine.run();
    expect(seen).toEqual(["ERR_CANCELLED", { status: "value", value: 5 }]);
  });

  it("costs nine memory operations to send and nine to receive, with room and values there", () => {
    const costs = costOf((rig) => {
      const channel = new Channel<number>(rig, 1);
      return (worker) => [channel.send(worker, 1), channel.receive(worker)];
    });
    expect(costs).toEqual([9, 9]);
  });

  it.each([-1, 0.5, Number.NaN])("of capacity %s is ERR_SYNC_CONFIG", (capacity) => {
    expect(() => new Channel(smallMachine(), capacity)).toThrow(
      expect.objectContaining({
        code: "ERR_SYNC_CONFIG",
        message: expect.stringContaining(String(capacity)),
      }),
    );
  });
});

describe("select", () => {
  it("draws among the cases that are ready, and starves none", () => {
    const machine = smallMachine();
    const channels = [0, 1, 2].map(() => new Channel<number>(machine, 400));
    const chosen = [0, 0, 0];
    runWorkers(machine, function* (worker) {
      for (const channel of channels.slice(0, 2))
        for (let i = 0; i < 300; i++) yield* channel.send(worker, i);
      for (let i = 0; i < 300; i++) chosen[(yield* select(worker, channels.map(receiveFrom))).index]!++;
    });
    expect(chosen[2]).toBe(0);
    expect(Math.min(chosen[0]!, chosen[1]!)).toBeGreaterThan(110);
  });

  it("does what comes first, in one channel only; a case without a channel is never ready", () => {
    const machine = smallMachine();
    const [a, b] = [new Channel<string>(machine), new Channel<string>(machine)];
    const seen: unknown[] = [];
    runWorkers(
      machine,
      function* (worker) {
        seen.push(yield* select(worker, [receiveFrom(a), sendTo(b, "out"), receiveFrom<string>(undefined)]));
        seen.push(yield* select(worker, [receiveFrom(a), sendTo(b, "again")]));
      },
      function* (worker) {
        yield* worker.sleep(50_000);
        seen.push(yield* b.receive(worker));
        yield* worker.sleep(50_000);
        expect(yield* b.tryReceive(worker)).toEqual({ status: "value", value: "again" });
      },
    );
    const statuses = seen.map((one) => JSON.stringify(one));
    expect(statuses.toSorted()).toEqual(
      [
        '{"index":1,"status":"sent"}',
        '{"index":1,"status":"sent"}',
        '{"status":"value","value":"out"}',
      ].toSorted(),
    );
  });

  it("two selects meet", () => {
    const machine = smallMachine(2);
    const [a, b] = [new Channel<number>(machine), new Channel<number>(machine)];
    const seen: number[] = [];
    const meets = function* (worker: Worker): Coroutine<void> {
      for (let i = 0; i < 20; i++) {
        const chosen = yield* select(worker, [sendTo(a, i), receiveFrom(a), sendTo(b, i), receiveFrom(b)]);
        if (chosen.status === "value") seen.push(chosen.value);
      }
    };
    runWorkers(machine, meets, meets);
    expect(seen).toHaveLength(20);
  });

  it("sees channels close: a receive is told, a send throws", () => {
    const machine = smallMachine();
    const [a, b] = [new Channel<number>(machine), new Channel<number>(machine)];
    const seen: unknown[] = [];
    runWorkers(
      machine,
      function* (worker) {
        seen.push(yield* select(worker, [receiveFrom(a)]), yield* trySelect(worker, [receiveFrom(a)]));
      },
      function* (worker) {
        yield* worker.sleep(10_000);
        for (const refused of [select(worker, [sendTo(b, 1)]), trySelect(worker, [sendTo(b, 1)])]) {
          seen.push(firstWord(yield* complaintOf(refused)));
        }
      },
      function* (worker) {
        yield* worker.sleep(50_000);
        yield* a.close(worker);
        yield* worker.sleep(50_000);
        yield* b.close(worker);
      },
    );
    const closed = { index: 0, status: "closed" };
    expect(seen).toEqual([closed, closed, "ERR_CHANNEL_CLOSED", "ERR_CHANNEL_CLOSED"]);
  });

  it("gives up: at once without a ready case, at a deadline, or when it can never be over", () => {
    const machine = smallMachine();
    const channel = new Channel<number>(machine);
    runWorkers(machine, function* (worker) {
      expect(yield* trySelect(worker, [receiveFrom(channel)])).toEqual({ index: -1, status: "none" });
      expect(yield* selectUntil(worker, [receiveFrom(channel)], 50_000)).toEqual({
        index: -1,
        status: "timeout",
      });
      expect(yield* selectUntil(worker, [], 100_000)).toEqual({ index: -1, status: "timeout" });
      expect(worker.now()).toBeGreaterThanOrEqual(100_000);
      const never = select(worker, [receiveFrom<number>(undefined)]);
      expect(firstWord(yield* complaintOf(never))).toBe("ERR_SELECT_EMPTY");
    });
  });
});
