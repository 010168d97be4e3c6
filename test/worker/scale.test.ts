/** What many workers cost: bytes of the machine's buffer, and objects that are given up when nobody needs them any more. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import { parkWorkers } from "../../bench/support/parked-workers.ts";
import { roomyMachine } from "../../bench/support/roomy-machine.ts";
import { WorkerRing } from "../../bench/support/worker-ring.ts";
import { PARK_PARKED, parkOf } from "../../src/server/record.ts";
import { createRuntime } from "../../src/worker/runtime.ts";
import type { Worker } from "../../src/worker/worker.ts";

const WORKERS = 2048;
const FEW = 256;

/** Collections until all are gone: code that is being compiled beside them keeps what it has seen a little longer. */
const COLLECTIONS = 50;

/**
 * How many are still there when everything unreachable has been collected. A WeakRef is let go of only when the job that made it has
 * ended.
 */
async function survivors(references: readonly WeakRef<object>[]): Promise<number> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  let alive = references.length;
  for (let time = 0; time < COLLECTIONS && alive > 0; time++) {
    await new Promise((resolve) => setImmediate(resolve));
    collect();
    alive = references.filter((reference) => reference.deref() !== undefined).length;
  }
  return alive;
}

describe("many workers", () => {
  test("have room in a buffer of 540 bytes each, and all can be parked", () => {
    const { machine, workers } = parkWorkers(WORKERS);
    const words = new Uint32Array(machine.kernel.buffer);
    const parked = workers.filter(({ record }) => (words[parkOf(record) / 4]! & PARK_PARKED) !== 0);
    expect(parked).toHaveLength(WORKERS);
    const one = roomyMachine(1).kernel.buffer.byteLength;
    // 128 of them the library's record, the rest the kernel's tables.
    expect((roomyMachine(WORKERS + 1).kernel.buffer.byteLength - one) / WORKERS).toBeLessThanOrEqual(540);
  });

  test("pass a token round at two switches a hop", () => {
    const ring = new WorkerRing(10);
    const { hops, switches } = ring;
    expect(hops).toBeGreaterThanOrEqual(10);
    ring.hopNs(1000);
    expect(ring.hops - hops).toBeGreaterThanOrEqual(1000);
    // The worker and its server take turns; a run may end between the two.
    expect(Math.abs(ring.switches - switches - 2 * (ring.hops - hops))).toBeLessThanOrEqual(1);
  });

  test("keep nothing of how they were spawned while they are parked", async () => {
    const spawned: WeakRef<object>[] = [];
    const { workers } = parkWorkers(FEW, () => {
      const options = { priority: 1 };
      spawned.push(new WeakRef(options));
      return options;
    });
    expect(await survivors(spawned)).toBe(0);
    expect(workers).toHaveLength(FEW);
  });

  test("leave nothing behind that only they knew", async () => {
    const machine = roomyMachine(FEW + 2);
    const runtime = createRuntime(machine);
    const known: WeakRef<object>[] = [];
    let joined = 0;
    runtime.spawn(function* (parent) {
      for (let number = 0; number < FEW; number++) {
        const child = yield* parent.spawn(function* (worker: Worker) {
          yield* worker.yield();
          const result = { number };
          known.push(new WeakRef(worker), new WeakRef(worker.env), new WeakRef(result));
          return result;
        });
        known.push(new WeakRef(child));
        joined += (yield* parent.join(child)).number === number ? 1 : 0;
      }
    });
    machine.run();
    expect(joined).toBe(FEW);
    expect(known).toHaveLength(4 * FEW);
    expect(await survivors(known)).toBe(0);
    // The machine is still there, and can tell who there was.
    expect(machine.accounting().tasks.some(({ name }) => name === "worker-7")).toBe(true);
  });
});
