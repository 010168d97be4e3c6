/** The thread library on one and several servers: order, sleeping, joining, parking, the end. */
import { describe, expect, it } from "vitest";
import {
  createMachine,
  createRuntime,
  MachineError,
  RuntimeError,
  serverTidOf,
  type Worker,
} from "../../src/index.ts";

function start(vcpus: number, servers = vcpus) {
  const machine = createMachine({ vcpus });
  return { machine, runtime: createRuntime(machine, { servers }) };
}

it("a worker whose function is async is told that it must be a generator function", () => {
  const { machine, runtime } = start(1);
  runtime.spawn((async () => {}) as unknown as (worker: Worker) => never);
  expect(() => machine.run()).toThrow(/worker-0 \(tid 2\): its program made Promise, and no generator/);
});

describe("one server", () => {
  it("runs workers first come, first served", () => {
    const { machine, runtime } = start(1);
    const order: string[] = [];
    for (const name of ["a", "b", "c"]) {
      runtime.spawn(function* (w) {
        order.push(`${name}1`);
        yield* w.yield();
        order.push(`${name}2`);
        yield* w.yield();
        order.push(`${name}3`);
      });
    }
    machine.run();
    expect(order).toEqual(["a1", "b1", "c1", "a2", "b2", "c2", "a3", "b3", "c3"]);
  });

  it("a worker that sleeps hands the CPU to another and comes back through the idle worker list", () => {
    const { machine, runtime } = start(1);
    const order: string[] = [];
    runtime.spawn(function* (w) {
      order.push("sleeps");
      yield* w.sleep(100_000);
      order.push(w.now() >= 100_000 ? "woke in time" : "woke early");
    });
    runtime.spawn(function* (w) {
      order.push("works meanwhile");
      yield* w.work(10_000);
    });
    machine.run();
    expect(order).toEqual(["sleeps", "works meanwhile", "woke in time"]);
  });

  it("workers run one at a time: work adds up", () => {
    const { machine, runtime } = start(1);
    for (let i = 0; i < 5; i++) {
      runtime.spawn(function* (w) {
        yield* w.work(1_000_000);
      });
    }
    expect(machine.run().virtualNs).toBeGreaterThan(5_000_000);
  });
});

describe("several servers", () => {
  it("run workers in parallel", () => {
    const { machine, runtime } = start(4);
    for (let i = 0; i < 4; i++) {
      runtime.spawn(function* (w) {
        yield* w.work(1_000_000);
      });
    }
    expect(machine.run().virtualNs).toBeLessThan(1_200_000);
  });

  it("take over workers of each other: a worker that wakes is run by a server that is idle", () => {
    const { machine, runtime } = start(2);
    let finished = 0;
    // The hog takes one server for good; both sleepers must come to an end on the other.
    runtime.spawn(function* (w) {
      yield* w.work(50_000_000);
      finished = w.now();
    });
    const ends: number[] = [];
    for (let i = 0; i < 2; i++) {
      runtime.spawn(function* (w) {
        for (let round = 0; round < 5; round++) yield* w.sleep(10_000);
        ends.push(w.now());
      });
    }
    machine.run();
    expect(ends).toHaveLength(2);
    for (const end of ends) expect(end).toBeLessThan(finished);
  });

  it("more servers than vCPUs still serve", () => {
    const { machine, runtime } = start(3, 5);
    let done = 0;
    for (let i = 0; i < 20; i++) {
      runtime.spawn(function* (w) {
        yield* w.sleep(1000 * (i % 3));
        yield* w.yield();
        done++;
      });
    }
    machine.run();
    expect(done).toBe(20);
  });
});

describe("the tid of a worker", () => {
  it("is not known before it has run: one that was killed before it has registered would be missed by nobody", () => {
    const { machine, runtime } = start(2, 1);
    const seen: unknown[] = [];
    runtime.spawn(function* (w) {
      const child = yield* w.spawn(function* (own: Worker) {
        yield* own.work(1);
        return own.handle.tid === own.tid;
      });
      // Long enough to register on the other CPU, without a server to run it.
      yield* w.work(1_000_000);
      seen.push(child.tid, yield* w.join(child));
    });
    machine.run();
    expect(seen).toEqual([0, true]);
  });
});

describe("a worker whose server has retired before it could be woken", () => {
  it.each(["parkUntil", "yield"] as const)(
    "%s: wakes whoever has its place, and waits without one",
    (how) => {
      const { machine, runtime } = start(2, 1);
      const seen: unknown[] = [];
      runtime.spawn(function* (w) {
        const word = serverTidOf(w.record);
        const tid = yield* w.memory.load32(word);
        // As if the server that runs this worker were another than the one it was run by.
        yield* w.memory.store32(word, 999);
        seen.push(how === "yield" ? yield* w.yield() : yield* w.parkUntil(w.now() + 20_000));
        seen.push((yield* w.memory.load32(word)) === tid);
      });
      machine.run();
      expect(seen).toEqual([how === "yield" ? undefined : false, true]);
    },
  );
});

describe("join", () => {
  it("gives the result, whether the worker has finished before or not", () => {
    const { machine, runtime } = start(2);
    const results: unknown[] = [];
    runtime.spawn(function* (w) {
      const quick = yield* w.spawn(function* () {
        yield* w.memory.fence();
        return "quick";
      });
      const slow = yield* w.spawn(function* (own: Worker) {
        yield* own.sleep(200_000);
        return 42;
      });
      yield* w.sleep(100_000);
      results.push(yield* w.join(quick), yield* w.join(slow));
    });
    machine.run();
    expect(results).toEqual(["quick", 42]);
  });

  it("refuses a second join and a join of itself with ERR_JOIN", () => {
    const { machine, runtime } = start(1);
    const codes: string[] = [];
    runtime.spawn(function* (w) {
      const child = yield* w.spawn(function* (own: Worker) {
        yield* own.work(1);
      });
      yield* w.join(child);
      for (const target of [child, w.handle]) {
        try {
          yield* w.join(target);
        } catch (error) {
          codes.push(error instanceof RuntimeError ? error.code : "?");
        }
      }
    });
    machine.run();
    expect(codes).toEqual(["ERR_JOIN", "ERR_JOIN"]);
  });
});

describe("park and unpark", () => {
  it("commute: an unpark that comes first makes the next park return at once, once", () => {
    const { machine, runtime } = start(1);
    const order: string[] = [];
    const target = runtime.spawn(function* (w) {
      yield* w.sleep(100_000);
      yield* w.park();
      order.push("first park over");
      yield* w.park();
      order.push("second park over");
    });
    runtime.spawn(function* (w) {
      yield* w.unpark(target);
      yield* w.unpark(target);
      yield* w.sleep(500_000);
      order.push("unparks again");
      yield* w.unpark(target);
    });
    machine.run();
    expect(order).toEqual(["first park over", "unparks again", "second park over"]);
  });

  it("unpark and notify say whether the target has got anything by it", () => {
    const { machine, runtime } = start(1);
    const said: boolean[] = [];
    runtime.spawn(function* (w) {
      const child = yield* w.spawn(function* (own: Worker) {
        yield* own.park();
        yield* own.waitUntil(Number.POSITIVE_INFINITY);
      });
      for (const news of [() => w.unpark(child), () => w.notify(child)]) {
        said.push(yield* news(), yield* news());
      }
      yield* w.join(child);
      said.push(yield* w.unpark(child), yield* w.notify(child));
    });
    machine.run();
    expect(said).toEqual([true, false, true, false, false, false]);
  });

  it("a worker that nobody unparks is a deadlock, and the report says who waits where", () => {
    const { machine, runtime } = start(1);
    runtime.spawn(
      function* (w) {
        yield* w.park();
      },
      { name: "forgotten" },
    );
    let message = "";
    try {
      machine.run();
    } catch (error) {
      message = error instanceof MachineError ? `${error.code} ${error.message}` : String(error);
    }
    expect(message).toContain("ERR_DEADLOCK");
    expect(message).toMatch(/forgotten \(tid \d+, cpu 0\) waits in umcg_wait/);
  });
});

describe("the edges", () => {
  it("servers leave when the last worker has, and a runtime without workers ends at once", () => {
    const { machine } = start(4);
    expect(machine.run().virtualNs).toBeLessThan(100_000);
    expect(machine.waiters()).toEqual([]);
  });

  it("a worker that throws fails the run with ERR_PROGRAM_THREW and the cause", () => {
    const { machine, runtime } = start(1);
    const boom = new Error("boom");
    runtime.spawn(function* (w) {
      yield* w.work(1);
      throw boom;
    });
    expect(() => machine.run()).toThrow(
      expect.objectContaining({
        code: "ERR_PROGRAM_THREW",
        message: expect.stringContaining("worker-0 threw: boom"),
        cause: expect.objectContaining({ code: "ERR_WORKER_FAILED", cause: boom }),
      }),
    );
  });

  it.each([0, -1, 1.5, Number.NaN, 65_537])("servers: %s is ERR_RUNTIME_CONFIG and named", (servers) => {
    const machine = createMachine();
    expect(() => createRuntime(machine, { servers })).toThrow(
      expect.objectContaining({
        code: "ERR_RUNTIME_CONFIG",
        message: expect.stringContaining(String(servers)),
      }),
    );
  });
});
