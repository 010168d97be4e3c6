/**
 * Who wakes whom, in the windows that virtual time alone does not open: memory operations take no time, so a policy that
 * computes between two of them lets others in there.
 */
import { describe, expect, it } from "vitest";
import {
  type Addr,
  createMachine,
  createRuntime,
  NO_SERVER,
  NULL,
  type Policy,
  type PolicyFactory,
  READY_QUEUE_SIZE,
  ReadyQueue,
  type Runtime,
  type RuntimeOptions,
} from "../../src/index.ts";

/** FIFO, with whatever is made of it. */
function fifoWith(change: (queue: ReadyQueue) => Partial<Policy>): PolicyFactory {
  return ({ allocate }) => {
    const queue = new ReadyQueue(allocate(READY_QUEUE_SIZE));
    return {
      name: "changed",
      enqueue: ({ env }, worker) => queue.append(env, worker),
      pick: ({ env }) => queue.take(env),
      hasWork: ({ env }) => queue.occupied(env),
      ...change(queue),
    };
  };
}

function start(vcpus: number, options: RuntimeOptions) {
  const machine = createMachine({ vcpus, tickHz: 0, timerSlackNs: 0, check: true });
  return { machine, runtime: createRuntime(machine, options) };
}

/** For how long there has been a server in a place. */
function spent(runtime: Runtime, place: number): number {
  const { busyNs, overheadNs, idleNs } = runtime.stats()[place]!;
  return busyNs + overheadNs + idleNs;
}

const SLOW_NS = 50_000;
/** By then a server that is told in time has run what is to be run, and one that is not has not. */
const SOON_NS = 300_000;
const LONG_NS = 2_000_000;

describe("a server that goes on with one worker tells others of the rest", () => {
  it("which it has taken from the kernel's list, while they were on no queue", () => {
    let slow = false;
    const policy = fifoWith((queue) => ({
      *enqueue({ env }, worker) {
        if (slow) yield* env.work(SLOW_NS);
        yield* queue.append(env, worker);
      },
    }));
    // Two CPUs have no server: there workers wake in the kernel while both servers are busy.
    const { machine, runtime } = start(4, { servers: 2, policy });
    const starts: number[] = [];
    for (let i = 0; i < 2; i++) {
      runtime.spawn(function* (w) {
        yield* w.sleep(50_000);
        starts.push(w.now());
        yield* w.work(LONG_NS);
      });
    }
    runtime.spawn(function* (w) {
      yield* w.work(100_000);
      slow = true;
    });
    runtime.spawn(function* (w) {
      while (!slow) yield* w.work(1_000);
      yield* w.work(10_000);
    });
    machine.run();
    expect(starts[0]).toBeGreaterThan(150_000);
    expect(Math.max(...starts)).toBeLessThan(SOON_NS);
  });

  it("which it has moved from queue to queue", () => {
    const policy = fifoWith((queue) => ({
      *pick(at) {
        const first = yield* queue.take(at.env);
        const second = first === NULL ? NULL : yield* queue.take(at.env);
        if (second === NULL) return first;
        at.note("moved");
        yield* at.env.work(SLOW_NS);
        yield* queue.append(at.env, second);
        return first;
      },
    }));
    const { machine, runtime } = start(2, { policy });
    const starts: number[] = [];
    let unparked = 0;
    const parked = Array.from({ length: 2 }, () =>
      runtime.spawn(function* (w) {
        yield* w.park();
        starts.push(w.now());
        yield* w.work(LONG_NS);
      }),
    );
    runtime.spawn(function* (w) {
      yield* w.sleep(200_000);
      yield* w.work(200_000);
      for (const one of parked) yield* w.unpark(one);
      unparked = w.now();
    });
    runtime.spawn(function* (w) {
      yield* w.sleep(200_000);
      while (unparked === 0) yield* w.work(1_000);
      yield* w.work(10_000);
    });
    machine.run();
    expect(Math.max(...starts) - unparked).toBeLessThan(SOON_NS);
  });

  it("of whom nobody was told, because it was searching then", () => {
    let slow = false;
    const policy = fifoWith((queue) => ({
      *pick({ env }) {
        const worker = yield* queue.take(env);
        if (slow && worker !== NULL) yield* env.work(SLOW_NS);
        return worker;
      },
    }));
    const { machine, runtime } = start(3, { policy });
    const starts: number[] = [];
    const parked = Array.from({ length: 2 }, () =>
      runtime.spawn(function* (w) {
        yield* w.park();
        starts.push(w.now());
        yield* w.work(LONG_NS);
      }),
    );
    runtime.spawn(function* (w) {
      yield* w.sleep(200_000);
      slow = true;
      yield* w.unpark(parked[0]!);
      // The server that was woken for it is searching by now.
      yield* w.work(30_000);
      yield* w.unpark(parked[1]!);
      yield* w.work(LONG_NS);
    });
    machine.run();
    expect(Math.max(...starts)).toBeLessThan(200_000 + SOON_NS);
    const woken = runtime.stats().reduce((sum, server) => sum + server.wakesSent, 0);
    expect(woken).toBeGreaterThan(0);
  });

  it("whom a tick has taken from the list, before the server that the kernel woke for him could", () => {
    const policy = fifoWith((queue) => ({
      *enqueue({ env, server }, worker) {
        if (server === NO_SERVER) yield* env.work(SLOW_NS);
        yield* queue.append(env, worker);
      },
      *onTick() {
        return false;
      },
    }));
    let taken = 0;
    // The tick comes at a time of its own: one of these is just before it.
    for (let sleepNs = 95_000; sleepNs < 110_000; sleepNs += 500) {
      const { machine, runtime } = start(2, { policy, preemptNs: 50_000 });
      let late = 0;
      runtime.spawn(function* (w) {
        yield* w.sleep(sleepNs);
        late = w.now() - sleepNs;
      });
      runtime.spawn(function* (w) {
        yield* w.work(LONG_NS);
      });
      machine.run();
      expect(late).toBeLessThan(2 * SLOW_NS);
      if (late > SLOW_NS) taken++;
    }
    expect(taken).toBeGreaterThan(0);
  });
});

describe("a server that searches", () => {
  it("spares others a wake-up: a burst wakes servers one after the other", () => {
    const { machine, runtime } = start(8, {});
    const parked = Array.from({ length: 6 }, () =>
      runtime.spawn(function* (w) {
        yield* w.park();
      }),
    );
    let before = 0;
    const sent = (): number => runtime.stats().reduce((sum, server) => sum + server.wakesSent, 0);
    runtime.spawn(function* (w) {
      yield* w.sleep(500_000);
      before = sent();
      for (const one of parked) yield* w.unpark(one);
      yield* w.work(200_000);
    });
    machine.run({ untilNs: 650_000 });
    // Their work is so short that who is woken first does most of it.
    expect(sent() - before).toBeLessThan(6);
    machine.run();
  });

  it("before it sleeps is one of at most half of them", () => {
    const { machine, runtime } = start(4, { idle: { spin: 10_000, pauseNs: 100 } });
    runtime.spawn(function* (w) {
      yield* w.work(900_000);
    });
    machine.run({ untilNs: 800_000 });
    const asleep = runtime.stats().filter((server) => server.idleNs > 700_000);
    expect(asleep.length).toBeGreaterThanOrEqual(1);
    expect(runtime.stats().filter((server) => server.overheadNs > 700_000).length).toBe(2);
    machine.run();
  });
});

describe("a server that is not wanted any more", () => {
  it("leaves also if it was about to sleep when that was decided", () => {
    let slow = false;
    const runsOn = new Map<Addr, number>();
    const policy = fifoWith((queue) => ({
      *pick({ env, server }) {
        if (slow && server === 1) yield* env.work(SLOW_NS);
        const worker = yield* queue.take(env);
        runsOn.set(worker, server);
        return worker;
      },
    }));
    const { machine, runtime } = start(2, { policy });
    for (let i = 0; i < 2; i++) {
      runtime.spawn(function* (w) {
        yield* w.work(100_000);
        // Server 1 is going to look, and to find nothing, while the other worker sends it away.
        slow = true;
        if (runsOn.get(w.record) === 1) return;
        yield* w.work(SLOW_NS / 2);
        yield* w.setServers(1);
        yield* w.work(LONG_NS);
      });
    }
    machine.run({ untilNs: 500_000 });
    const before = spent(runtime, 1);
    machine.run({ untilNs: 1_000_000 });
    expect(spent(runtime, 1)).toBe(before);
    expect(before).toBeGreaterThan(150_000);
    machine.run();
  });

  it.each(["set-up code", "a worker"])("leaves although it is asleep: asked by %s", (who) => {
    const { machine, runtime } = start(3, {});
    runtime.spawn(function* (w) {
      yield* w.sleep(100_000);
      if (who === "a worker") yield* w.setServers(1);
      yield* w.sleep(1_000_000);
    });
    machine.run({ untilNs: 300_000 });
    if (who === "set-up code") runtime.setServers(1);
    machine.run({ untilNs: 400_000 });
    const before = [0, 1, 2].map((place) => spent(runtime, place));
    machine.run({ untilNs: 900_000 });
    const after = [0, 1, 2].map((place) => spent(runtime, place));
    expect(after.map((ns, place) => ns - before[place]!)).toEqual([500_000, 0, 0]);
    machine.run();
  });

  it("is asked for what only it would find, once, as itself", () => {
    const retired: number[] = [];
    const policy = fifoWith(() => ({
      *onRetire({ server }) {
        retired.push(server);
      },
    }));
    const { machine, runtime } = start(3, { policy });
    runtime.spawn(function* (w) {
      yield* w.setServers(1);
      yield* w.sleep(100_000);
      yield* w.setServers(2);
      yield* w.sleep(100_000);
      yield* w.setServers(1);
      yield* w.sleep(100_000);
    });
    machine.run();
    expect(retired.sort()).toEqual([1, 1, 2]);
  });
});
