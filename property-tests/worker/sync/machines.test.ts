/**
 * Random programs over all synchronisation objects on random machines, policies and numbers of servers, with deadlines and
 * cancellations. On a machine a worker can be preempted in the middle, block in the kernel, and wait for a server; what may
 * not happen is the same as without one: two in a section, a lost wake-up (ERR_DEADLOCK), a value lost or received twice.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Coroutine } from "../../../src/atomics/step.ts";
import type { MachineConfig } from "../../../src/machine.ts";
import { POLICY_NAMES } from "../../../src/server/policies/index.ts";
import { TraceHash } from "../../../src/trace/hash.ts";
import { createRuntime, type RuntimeOptions } from "../../../src/worker/runtime.ts";
import {
  Barrier,
  Channel,
  Condvar,
  Mutex,
  RwLock,
  receiveFrom,
  Semaphore,
  selectUntil,
  sendTo,
  WaitGroup,
} from "../../../src/worker/sync/index.ts";
import { isCancelled } from "../../../src/worker/sync/wait-room.ts";
import type { Worker } from "../../../src/worker/worker.ts";
import type { WorkerHandle } from "../../../src/worker/worker-handle.ts";
import { boot } from "../../../test/support/boot.ts";
import { runOut } from "../../../test/support/random-program.ts";
import { anyMachine } from "../../kernel-sim/arbitraries.ts";

const OPS = [
  "mutex",
  "fair",
  "read",
  "write",
  "permits",
  "meet",
  "send",
  "receive",
  "select",
  "notified",
  "count",
] as const;

interface Act {
  readonly op: (typeof OPS)[number] | "sleep" | "yield" | "cancel";
  /** How long to wait for it, in ns; every wait has a deadline, since nobody is sure to come. */
  readonly patienceNs: number;
  /** How long to keep it. */
  readonly holdNs: number;
  readonly sleeps: boolean;
  readonly whom: number;
}

const anyAct: fc.Arbitrary<Act> = fc.record({
  op: fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom(...OPS) },
    { weight: 3, arbitrary: fc.constantFrom("sleep" as const, "yield" as const) },
    { weight: 1, arbitrary: fc.constant("cancel" as const) },
  ),
  patienceNs: fc.oneof(fc.nat(20_000), fc.nat(400_000)),
  holdNs: fc.oneof(fc.nat(1_000), fc.nat(60_000)),
  sleeps: fc.boolean(),
  whom: fc.nat(9),
});

type Place = "mutex" | "fair" | "readers" | "writers" | "permits";

class Scene {
  readonly handles: WorkerHandle<unknown>[] = [];
  readonly #mutex: Mutex;
  readonly #fair: Mutex;
  readonly #condvar: Condvar;
  readonly #lock: RwLock;
  readonly #permits: Semaphore;
  readonly #barrier: Barrier;
  readonly #channels: readonly [Channel<number>, Channel<number>];
  readonly #group: WaitGroup;
  readonly #inside: Record<Place, number> = { mutex: 0, fair: 0, readers: 0, writers: 0, permits: 0 };
  readonly #sent: number[] = [];
  readonly #received: number[] = [];
  #values = 0;
  #counted = 0;
  #live: number;

  constructor(
    machine: { allocate(bytes: number, align?: number): ReturnType<Worker["allocate"]> },
    live: number,
  ) {
    this.#mutex = new Mutex(machine, { handOffAfterNs: 50_000 });
    this.#condvar = new Condvar(machine, this.#mutex);
    this.#fair = new Mutex(machine, { fair: true });
    this.#lock = new RwLock(machine);
    this.#permits = new Semaphore(machine, 2, { maximum: 2 });
    this.#barrier = new Barrier(machine, 2);
    this.#channels = [new Channel(machine), new Channel(machine, 2)];
    this.#group = new WaitGroup(machine);
    this.#live = live;
  }

  *run(worker: Worker, acts: readonly Act[]): Coroutine<void> {
    for (const act of acts) {
      try {
        yield* this.#act(worker, act);
      } catch (error) {
        if (!isCancelled(error)) throw error;
      }
      expect(worker.held).toEqual([]);
    }
    if (--this.#live === 0) yield* worker.shield(() => this.#settle(worker));
  }

  *#act(worker: Worker, act: Act): Coroutine<void> {
    const untilNs = worker.now() + act.patienceNs;
    switch (act.op) {
      case "sleep":
        return yield* worker.sleep(act.holdNs);
      case "yield":
        return yield* worker.yield();
      case "cancel":
        return void (yield* worker.cancel(this.handles[act.whom % this.handles.length]!));
      case "mutex":
        if (!(yield* this.#mutex.lockUntil(worker, untilNs))) return;
        yield* this.#keep(worker, act, "mutex", 1);
        yield* this.#mutex.unlock(worker);
        return yield* this.#condvar.notify(worker);
      case "notified":
        if (!(yield* this.#mutex.lockUntil(worker, untilNs))) return;
        try {
          yield* this.#condvar.waitUntil(worker, untilNs);
          yield* this.#keep(worker, act, "mutex", 1);
        } finally {
          yield* this.#mutex.unlock(worker);
        }
        return;
      case "fair":
        if (!(yield* this.#fair.lockUntil(worker, untilNs))) return;
        yield* this.#keep(worker, act, "fair", 1);
        return yield* this.#fair.unlock(worker);
      case "read":
        if (!(yield* this.#lock.readLockUntil(worker, untilNs))) return;
        expect(this.#inside.writers).toBe(0);
        yield* this.#keep(worker, act, "readers", 9);
        return yield* this.#lock.readUnlock(worker);
      case "write":
        if (!(yield* this.#lock.writeLockUntil(worker, untilNs))) return;
        expect(this.#inside.readers).toBe(0);
        yield* this.#keep(worker, act, "writers", 1);
        return yield* this.#lock.writeUnlock(worker);
      case "permits":
        if (!(yield* this.#permits.acquireUntil(worker, untilNs))) return;
        yield* this.#keep(worker, act, "permits", 2);
        return yield* this.#permits.release(worker);
      case "meet":
        return void (yield* this.#barrier.waitUntil(worker, untilNs));
      case "count":
        return yield* this.#count(worker, untilNs);
      default:
        return yield* this.#talk(worker, act, untilNs);
    }
  }

  /** In a section that `most` may be in together. What it does there is not interrupted by a cancellation. */
  *#keep(worker: Worker, act: Act, where: Place, most: number): Coroutine<void> {
    expect(++this.#inside[where]).toBeLessThanOrEqual(most);
    if (act.sleeps) yield* worker.shield(() => worker.sleep(act.holdNs));
    else yield* worker.work(act.holdNs);
    this.#inside[where]--;
  }

  *#count(worker: Worker, untilNs: number): Coroutine<void> {
    this.#counted++;
    yield* this.#group.add(worker);
    yield* worker.work(500);
    this.#counted--;
    yield* this.#group.done(worker);
    yield* this.#group.waitUntil(worker, untilNs);
  }

  *#talk(worker: Worker, { op, whom }: Act, untilNs: number): Coroutine<void> {
    const [a, b] = this.#channels;
    const one = whom % 2 === 0 ? a : b;
    const value = this.#values++;
    if (op === "send") {
      if (yield* one.sendUntil(worker, value, untilNs)) this.#sent.push(value);
      return;
    }
    if (op === "receive") {
      const received = yield* one.receiveUntil(worker, untilNs);
      if (received.status === "value") this.#received.push(received.value);
      return;
    }
    const chosen = yield* selectUntil(worker, [receiveFrom(a), sendTo(b, value), receiveFrom(one)], untilNs);
    if (chosen.status === "sent") this.#sent.push(value);
    else if (chosen.status === "value") this.#received.push(chosen.value);
  }

  /** By the last worker: everything is free, and every value is accounted for. */
  *#settle(worker: Worker): Coroutine<void> {
    for (const mutex of [this.#mutex, this.#fair]) expect(yield* mutex.tryLock(worker)).toBe(true);
    expect(yield* this.#lock.writeLockUntil(worker, 0)).toBe(true);
    expect(yield* this.#permits.available(worker)).toBe(2);
    expect(yield* this.#group.waitUntil(worker, 0)).toBe(true);
    expect(yield* this.#barrier.waitUntil(worker, 0)).toBe("timeout");
    expect(this.#counted).toBe(0);
    for (const channel of this.#channels) {
      for (;;) {
        const received = yield* channel.tryReceive(worker);
        if (received.status !== "value") break;
        this.#received.push(received.value);
      }
    }
    expect(this.#received.toSorted((x, y) => x - y)).toEqual(this.#sent.toSorted((x, y) => x - y));
    for (const mutex of [this.#mutex, this.#fair]) yield* mutex.unlock(worker);
    yield* this.#lock.writeUnlock(worker);
  }
}

function runOnce(config: MachineConfig, options: RuntimeOptions, plans: readonly (readonly Act[])[]): string {
  const { machine } = boot({ ...config, traceEvents: 256 });
  const hash = new TraceHash();
  machine.trace.addSink(hash);
  const runtime = createRuntime(machine, options);
  const scene = new Scene(machine, plans.length);
  for (const acts of plans) scene.handles.push(runtime.spawn((worker) => scene.run(worker, acts)));
  expect(runOut(machine).deadlocked).toBe(false);
  return hash.digest();
}

describe("synchronisation on random machines", () => {
  it("keeps its promises, and a run can be repeated", () => {
    fc.assert(
      fc.property(
        anyMachine,
        fc.constantFrom(...POLICY_NAMES),
        fc.array(fc.array(anyAct, { minLength: 1, maxLength: 8 }), { minLength: 2, maxLength: 7 }),
        (config, policy, plans) => {
          const first = runOnce(config, { policy }, plans);
          expect(runOnce(config, { policy }, plans)).toBe(first);
        },
      ),
      { numRuns: Number(process.env["FC_RUNS"] ?? 60) },
    );
  });
});
