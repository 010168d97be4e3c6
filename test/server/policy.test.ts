/** The Policy interface: a policy of one's own, what it is told, and bad options. */
import { describe, expect, it } from "vitest";
import {
  type Addr,
  createMachine,
  createRuntime,
  NULL,
  type Policy,
  type PolicyFactory,
  READY_QUEUE_SIZE,
  ReadyQueue,
} from "../../src/index.ts";

/** FIFO that writes down what it is told. */
function recording(log: string[], names: Map<Addr, string>): PolicyFactory {
  return ({ allocate, maxServers }): Policy => {
    const queue = new ReadyQueue(allocate(READY_QUEUE_SIZE));
    const note = (server: number, what: string, worker: Addr): void => {
      expect(server).toBeLessThan(maxServers);
      log.push(`${what} ${names.get(worker) ?? "?"} on ${server}`);
    };
    return {
      name: "recording",
      *enqueue({ env, server }, worker, reason) {
        note(server, reason, worker);
        yield* queue.append(env, worker);
      },
      *pick({ env, server }) {
        const worker = yield* queue.take(env);
        if (worker !== NULL) note(server, "picked", worker);
        return worker;
      },
      hasWork: ({ env }) => queue.occupied(env),
      *onBlock({ server }, worker) {
        note(server, "blocked", worker);
      },
      *onWake({ server }, worker) {
        note(server, "woke", worker);
      },
      *onExit({ server }, worker) {
        note(server, "exited", worker);
      },
    };
  };
}

describe("a policy of one's own", () => {
  it("is told of every enqueue with its reason, and of blocking, waking and the end", () => {
    const machine = createMachine({ vcpus: 1 });
    const log: string[] = [];
    const names = new Map<Addr, string>();
    const runtime = createRuntime(machine, { policy: recording(log, names) });
    const a = runtime.spawn(function* (w) {
      yield* w.park();
      yield* w.sleep(1000);
    });
    const b = runtime.spawn(function* (w) {
      yield* w.unpark(a);
      yield* w.yield();
    });
    names.set(a.record, "a").set(b.record, "b");
    machine.run();
    expect(log.map((line) => line.replace(" on 0", ""))).toEqual([
      "woke a",
      "spawned a",
      "woke b",
      "spawned b",
      "picked a",
      "blocked a",
      "picked b",
      "unparked a",
      "yielded b",
      "picked a",
      "blocked a",
      "picked b",
      "exited b",
      "woke a",
      "woken a",
      "picked a",
      "exited a",
    ]);
  });

  it("is named in an error when it is unknown", () => {
    const policy = "lottery" as "fifo";
    expect(() => createRuntime(createMachine(), { policy })).toThrow(
      expect.objectContaining({
        code: "ERR_RUNTIME_CONFIG",
        message: expect.stringMatching(/fifo.*got lottery/),
      }),
    );
  });
});

describe("a worker's wishes", () => {
  it.each([
    [{ priority: 1.5 }, "priority"],
    [{ priority: 2 ** 31 }, "priority"],
    [{ deadlineNs: -1 }, "deadline"],
    [{ deadlineNs: Number.NaN }, "deadline"],
  ])("%j is ERR_RUNTIME_CONFIG", (options, name) => {
    const runtime = createRuntime(createMachine());
    expect(() => runtime.spawn(function* () {}, options)).toThrow(
      expect.objectContaining({ code: "ERR_RUNTIME_CONFIG", message: expect.stringContaining(name) }),
    );
  });
});
