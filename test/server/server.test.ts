/** The server loop in a machine: preemption, sleeping and waking, the dead, statistics, growing and shrinking. */
import { describe, expect, it } from "vitest";
import {
  createMachine,
  createRuntime,
  type EnqueueReason,
  type MachineConfig,
  makePolicy,
  POLICY_NAMES,
  type PolicyFactory,
  type Runtime,
  type RuntimeOptions,
  SIGKILL,
  type Worker,
  type WorkerHandle,
} from "../../src/index.ts";

function start(vcpus: number, options: RuntimeOptions = {}, config: MachineConfig = {}) {
  const machine = createMachine({ vcpus, tickHz: 0, timerSlackNs: 0, check: true, ...config });
  return { machine, runtime: createRuntime(machine, options) };
}

function total(
  runtime: Runtime,
  what: "runs" | "steals" | "preemptions" | "ticks" | "wakesSent" | "idles",
): number {
  return runtime.stats().reduce((sum, server) => sum + server[what], 0);
}

describe("preemption", () => {
  function twoHogs(options: RuntimeOptions) {
    const { machine, runtime } = start(1, options);
    const ends: number[] = [];
    for (let i = 0; i < 2; i++) {
      runtime.spawn(function* (w) {
        yield* w.work(1_000_000);
        ends.push(w.now());
      });
    }
    machine.run();
    return { runtime, ends };
  }

  it("lets workers that compute take turns, a tick each", () => {
    const { ends, runtime } = twoHogs({ preemptNs: 100_000 });
    expect(ends[1]! - ends[0]!).toBeLessThan(200_000);
    expect(total(runtime, "preemptions")).toBeGreaterThanOrEqual(18);
    expect(total(runtime, "preemptions")).toBeLessThanOrEqual(20);
  });

  it("does not happen without ticks", () => {
    const { ends, runtime } = twoHogs({});
    expect(ends[1]! - ends[0]!).toBeGreaterThan(1_000_000);
    expect([total(runtime, "preemptions"), total(runtime, "ticks")]).toEqual([0, 0]);
  });

  it("does not happen when nobody waits", () => {
    const { machine, runtime } = start(1, { preemptNs: 100_000 });
    runtime.spawn(function* (w) {
      yield* w.work(1_000_000);
    });
    machine.run();
    expect(total(runtime, "preemptions")).toBe(0);
    // The ticks take time themselves.
    expect([9, 10]).toContain(total(runtime, "ticks"));
  });

  it.each(POLICY_NAMES)("%s: a tick finds the workers that the kernel has woken meanwhile", (policy) => {
    const { machine, runtime } = start(1, { preemptNs: 50_000, policy });
    let late = 0;
    runtime.spawn(
      function* (w) {
        yield* w.sleep(100_000);
        late = w.now() - 100_000;
      },
      { priority: 1, deadlineNs: 1 },
    );
    runtime.spawn(function* (w) {
      yield* w.work(5_000_000);
    });
    machine.run();
    expect(late).toBeLessThan(120_000);
  });

  it("of a lower priority only: equals and higher ones keep the CPU", () => {
    const { machine, runtime } = start(1, { preemptNs: 50_000, policy: "priority" });
    const order: string[] = [];
    for (const [name, priority] of [
      ["equal", 1],
      ["higher", 2],
    ] as const) {
      runtime.spawn(
        function* (w) {
          yield* w.sleep(100_000);
          yield* w.work(100);
          order.push(name);
        },
        { priority },
      );
    }
    runtime.spawn(
      function* (w) {
        yield* w.work(1_000_000);
        order.push("hog");
      },
      { priority: 1 },
    );
    machine.run();
    expect(order).toEqual(["higher", "hog", "equal"]);
  });

  it("waits while the worker is LOCKED, and comes soon after", () => {
    // Ten unparks in a row, each in a locked section with a system call that wakes a server: ticks meet some of them.
    const { machine, runtime } = start(1, { preemptNs: 20_000 });
    let done = 0;
    const parked = Array.from({ length: 10 }, () =>
      runtime.spawn(function* (w) {
        for (let i = 0; i < 20; i++) yield* w.park();
        done++;
      }),
    );
    runtime.spawn(function* (w) {
      for (let i = 0; i < 20; i++) {
        for (const one of parked) yield* w.unpark(one);
        yield* w.sleep(10_000);
        yield* w.work(15_000);
      }
    });
    machine.run();
    expect(done).toBe(10);
  });
});

describe("sleeping servers", () => {
  it("are woken one after the other by a burst, until all work runs", () => {
    const { machine, runtime } = start(4);
    const ends: number[] = [];
    const parked = Array.from({ length: 4 }, () =>
      runtime.spawn(function* (w) {
        yield* w.park();
        yield* w.work(1_000_000);
        ends.push(w.now());
      }),
    );
    runtime.spawn(function* (w) {
      yield* w.sleep(500_000);
      for (const one of parked) yield* w.unpark(one);
    });
    machine.run();
    expect(Math.max(...ends)).toBeLessThan(1_600_000);
  });

  it("find a worker in the slot of a server whose worker does not let go", () => {
    const { machine, runtime } = start(2, { policy: "go-like" });
    let end = 0;
    const parked = runtime.spawn(function* (w) {
      yield* w.park();
      end = w.now();
    });
    runtime.spawn(function* (w) {
      yield* w.sleep(100_000);
      yield* w.unpark(parked);
      yield* w.work(5_000_000);
    });
    machine.run();
    expect(end).toBeLessThan(150_000);
    expect(total(runtime, "steals")).toBeGreaterThanOrEqual(1);
  });

  it("look some times before they sleep, if they are told to", () => {
    const idles = [0, 200].map((spin) => {
      const { machine, runtime } = start(1, { idle: { spin, pauseNs: 100 } });
      runtime.spawn(function* (w) {
        for (let i = 0; i < 10; i++) yield* w.sleep(10_000);
      });
      machine.run();
      return total(runtime, "idles");
    });
    expect(idles[0]).toBeGreaterThanOrEqual(10);
    expect(idles[1]).toBeLessThanOrEqual(1);
  });

  it("look for as long as they are told and no longer", () => {
    const { machine, runtime } = start(1, { idle: { spin: 5, pauseNs: 1_000 } });
    runtime.spawn(function* (w) {
      yield* w.sleep(1_000_000);
    });
    machine.run();
    expect(runtime.stats()[0]!.idleNs).toBeGreaterThan(980_000);
  });
});

describe("a worker that is killed", () => {
  const ways: Record<string, (w: Worker) => ReturnType<Worker["work"]> | ReturnType<Worker["park"]>> = {
    "while it runs": (w) => w.work(1_000_000),
    "while it sleeps": (w) => w.sleep(10_000_000),
    "while it is parked": (w) => w.park(),
  };
  it.each(Object.keys(ways))("%s is missed by nobody", (way) => {
    const { machine, runtime } = start(2);
    let victim = 0;
    runtime.spawn(
      function* (w) {
        victim = w.tid;
        yield* ways[way]!(w);
      },
      { detached: true },
    );
    machine.spawn(function* (env) {
      yield* env.sys.nanosleep(100_000);
      yield* env.sys.kill(victim as typeof env.tid, SIGKILL);
    });
    expect(machine.run().virtualNs).toBeLessThan(500_000);
    expect(machine.waiters()).toEqual([]);
  });

  it("while it is ready is missed by nobody", () => {
    const { machine, runtime } = start(1);
    let victim = 0;
    runtime.spawn(
      function* (w) {
        victim = w.tid;
        yield* w.yield();
        throw new Error("it ran");
      },
      { detached: true },
    );
    runtime.spawn(function* (w) {
      yield* w.work(500_000);
    });
    machine.spawn(function* (env) {
      yield* env.sys.nanosleep(100_000);
      yield* env.sys.kill(victim as typeof env.tid, SIGKILL);
    });
    machine.run();
    expect(machine.waiters()).toEqual([]);
  });
});

describe("statistics", () => {
  it("say where a server's time went, to the ns", () => {
    const { machine, runtime } = start(3, { preemptNs: 20_000 });
    for (let i = 0; i < 7; i++) {
      runtime.spawn(function* (w) {
        for (let round = 0; round < 20; round++) {
          yield* w.work(7_000 * i);
          yield* w.sleep(13_000);
          yield* w.yield();
        }
      });
    }
    const sums = [100_000, 400_000, 1_000_000].map((untilNs) => {
      machine.run({ untilNs });
      return runtime.stats().map((s) => ({ at: machine.host.now, ns: s.overheadNs + s.busyNs + s.idleNs }));
    });
    for (const place of [0, 1, 2]) {
      const [first, second, third] = sums.map((sum) => sum[place]!);
      expect(second!.ns - first!.ns).toBe(second!.at - first!.at);
      expect(third!.ns - second!.ns).toBe(third!.at - second!.at);
    }
    machine.run();
    const runs = total(runtime, "runs");
    expect(runs).toBeGreaterThan(7 * 40);
    machine.run();
    expect(total(runtime, "runs")).toBe(runs);
  });

  it.each(POLICY_NAMES)("%s: count each run once: as many as workers were made ready", (policy) => {
    const ready: Record<EnqueueReason, number> = {
      spawned: 0,
      woken: 0,
      unparked: 0,
      yielded: 0,
      preempted: 0,
    };
    const counting: PolicyFactory = (setup) => {
      const made = makePolicy(policy, setup);
      const enqueue = made.enqueue.bind(made);
      made.enqueue = (at, worker, reason) => {
        ready[reason]++;
        return enqueue(at, worker, reason);
      };
      return made;
    };
    const { machine, runtime } = start(2, { preemptNs: 20_000, policy: counting });
    const handles: WorkerHandle<void>[] = [];
    for (let i = 0; i < 6; i++) {
      const body = function* (w: Worker) {
        for (let round = 0; round < 10; round++) {
          yield* w.work(9_000 * i);
          yield* w.sleep(11_000);
          yield* w.yield();
          if (i === 0) yield* w.parkUntil(w.now() + 5_000);
          else yield* w.unpark(handles[0]!);
        }
      };
      handles.push(runtime.spawn(body, { priority: 6 - i, deadlineNs: 1_000_000 * (i + 1) }));
    }
    machine.run();
    const made = Object.values(ready).reduce((sum, count) => sum + count);
    expect(total(runtime, "runs")).toBe(made);
    expect([ready.spawned, ready.yielded]).toEqual([6, 60]);
    expect(ready.preempted).toBeGreaterThan(0);
    expect(total(runtime, "preemptions")).toBeGreaterThanOrEqual(ready.preempted);
    expect(total(runtime, "ticks")).toBeGreaterThanOrEqual(total(runtime, "preemptions"));
  });

  it("tell busy from idle", () => {
    const { machine, runtime } = start(1);
    runtime.spawn(function* (w) {
      yield* w.work(1_000_000);
      yield* w.sleep(3_000_000);
    });
    machine.run();
    const [stats] = runtime.stats();
    expect(stats!.busyNs).toBeGreaterThan(1_000_000);
    expect(stats!.busyNs).toBeLessThan(1_020_000);
    expect(stats!.idleNs).toBeGreaterThan(2_980_000);
    expect(stats!.idleNs).toBeLessThan(3_020_000);
    expect(stats!.overheadNs).toBeLessThan(20_000);
  });
});

describe("the number of servers", () => {
  it("grows from a worker: more run in parallel", () => {
    const { machine, runtime } = start(4, { servers: 1, maxServers: 4 });
    for (let i = 0; i < 4; i++) {
      runtime.spawn(function* (w) {
        if (i === 0) yield* w.setServers(4);
        yield* w.work(1_000_000);
      });
    }
    expect(machine.run().virtualNs).toBeLessThan(1_300_000);
    expect(runtime.stats().map((server) => server.runs > 0)).toEqual([true, true, true, true]);
  });

  it.each(POLICY_NAMES)(
    "%s: shrinks from a worker: the queues are given back, and all work is done",
    (policy) => {
      const { machine, runtime } = start(4, { policy, preemptNs: 50_000 });
      let done = 0;
      const body = function* (w: Worker) {
        for (let i = 0; i < 10; i++) {
          yield* w.work(10_000);
          if (i % 3 === 0) yield* w.yield();
          else yield* w.sleep(5_000);
        }
        done++;
      };
      for (let i = 0; i < 40; i++) runtime.spawn(body);
      runtime.spawn(function* (w) {
        yield* w.sleep(200_000);
        yield* w.setServers(1);
        yield* w.sleep(300_000);
        const before = runtime.stats().map((server) => server.runs);
        yield* w.sleep(200_000);
        const after = runtime.stats().map((server) => server.runs);
        expect(after.map((runs, place) => runs > before[place]!)).toEqual([true, false, false, false]);
        yield* w.setServers(3);
      });
      machine.run();
      expect(done).toBe(40);
      expect(machine.waiters()).toEqual([]);
    },
  );

  it("changes from set-up code while the machine rests, up and down, asleep or not", () => {
    const { machine, runtime } = start(2, { servers: 2, maxServers: 6 });
    let rounds = 0;
    for (let i = 0; i < 3; i++) {
      runtime.spawn(function* (w) {
        for (; w.now() < 3_000_000; rounds++) yield* w.sleep(20_000);
      });
    }
    for (const [untilNs, servers] of [
      [500_000, 6],
      [1_000_000, 1],
      [1_500_000, 3],
      [2_000_000, 2],
    ] as const) {
      machine.run({ untilNs });
      runtime.setServers(servers);
    }
    machine.run();
    expect(rounds).toBeGreaterThan(300);
    expect(machine.waiters()).toEqual([]);
  });

  it("is wanted again before it is gone: down and up at once loses nobody", () => {
    const { machine, runtime } = start(3);
    for (let i = 0; i < 6; i++) {
      runtime.spawn(function* (w) {
        for (let round = 0; round < 30; round++) {
          yield* w.work(3_000);
          yield* w.setServers(1 + ((round * 7 + i) % 3));
          yield* w.sleep(4_000);
        }
      });
    }
    machine.run();
    expect(machine.waiters()).toEqual([]);
  });

  it.each([0, 5, 1.5])("%s is ERR_RUNTIME_CONFIG", (count) => {
    const { runtime } = start(4);
    expect(() => runtime.setServers(count)).toThrow(expect.objectContaining({ code: "ERR_RUNTIME_CONFIG" }));
  });
});

describe("options", () => {
  it.each<[RuntimeOptions, string]>([
    [{ preemptNs: -1 }, "preemptNs"],
    [{ preemptNs: 19_999 }, "preemptNs"],
    [{ preemptNs: 30_000.5 }, "preemptNs"],
    [{ servers: 3, maxServers: 2 }, "servers"],
    [{ maxServers: 0 }, "maxServers"],
    [{ idle: { spin: -1 } }, "idle.spin"],
    [{ idle: { spin: 1, pauseNs: 0 } }, "idle.pauseNs"],
  ])("%j is ERR_RUNTIME_CONFIG", (options, name) => {
    expect(() => start(2, options)).toThrow(
      expect.objectContaining({
        code: "ERR_RUNTIME_CONFIG",
        message: expect.stringContaining(`${name} must`),
      }),
    );
  });

  it("a machine as it was posted is ERR_RUNTIME_CONFIG", () => {
    expect(() => start(1, {}, { umcg: "posted" })).toThrow(
      expect.objectContaining({ code: "ERR_RUNTIME_CONFIG", message: expect.stringContaining("hardened") }),
    );
  });
});
