/** The fair classes by themselves: tasks that leave a queue while they wait, and weights that change in every state. */
import { describe, expect, test } from "vitest";
import { Arena } from "../../src/kernel-sim/arena.ts";
import { Eevdf } from "../../src/kernel-sim/eevdf.ts";
import { eevdfRules } from "../../src/kernel-sim/eevdf-rules.ts";
import type { FairClass } from "../../src/kernel-sim/fair-class.ts";
import { FairQueue } from "../../src/kernel-sim/fair-queue.ts";

const SLICE = 3_000_000;
const MS = 1_000_000;
const TASKS = 8;

function laidOut<T>(build: (arena: Arena) => T): T {
  const measure = new Arena(0);
  build(measure);
  return build(new Arena(0, new ArrayBuffer(measure.end)));
}

const eevdf = (policy: "eevdf-6.12" | "eevdf-7.2" = "eevdf-7.2"): Eevdf =>
  laidOut((arena) => new Eevdf(arena, TASKS, 2, eevdfRules(policy, SLICE, 4 * MS)));
const plain = (): FairQueue => laidOut((arena) => new FairQueue(arena, TASKS, 2, SLICE));

/** Tasks 1 to `count` of nice 0 come to CPU 0 at time 0, and the first that is picked runs. Returns who. */
function load(q: FairClass, count: number): number {
  for (let tid = 1; tid <= count; tid++) {
    q.prepare(tid, 1024, 0);
    q.enqueue(0, tid, 0, 0, false);
  }
  const first = q.pick(0, 0);
  q.begin(0, first, 0);
  return first;
}

function waiting(q: FairClass, cpu: number): number[] {
  const tids: number[] = [];
  for (let tid = q.firstWaiting(cpu); tid !== 0; tid = q.nextWaiting(tid)) tids.push(tid);
  return tids;
}

describe.each([
  ["virtual-time", plain],
  ["eevdf-6.12", () => eevdf("eevdf-6.12")],
  ["eevdf-7.2", () => eevdf()],
] as const)("%s", (_, create) => {
  test("those that wait are listed in the order in which they would run, without the current one", () => {
    const q = create();
    expect(load(q, 4)).toBe(1);
    expect(waiting(q, 0)).toEqual([2, 3, 4]);
    expect(waiting(q, 1)).toEqual([]);
    q.dequeueWaiting(0, 3, MS);
    expect(waiting(q, 0)).toEqual([2, 4]);
    expect([q.nrRunning(0), q.load(0), q.isQueued(3)]).toEqual([3, 3 * 1024, false]);
    q.migrate(0, 1, 3);
    q.enqueue(1, 3, 0, MS, false);
    expect(waiting(q, 1)).toEqual([3]);
    expect([q.nrRunning(1), q.load(1)]).toEqual([1, 1024]);
    expect(q.pick(1, 0)).toBe(3);
  });

  test("a new weight counts in every state", () => {
    const q = create();
    load(q, 3);
    q.update(0, 1, MS);
    q.sleepCurrent(0, 1, true);
    q.begin(0, q.pick(0, 0), MS);
    // Asleep, current, waiting.
    for (const tid of [1, 2, 3]) q.reweight(0, tid, 2, 2048, 0, MS);
    expect([1, 2, 3].map((tid) => q.weight(tid))).toEqual([2048, 2048, 2048]);
    expect(q.load(0)).toBe(2 * 2048);
    q.enqueue(0, 1, 2, MS, false);
    expect(q.load(0)).toBe(3 * 2048);
  });

  test("time the current task has run but not been charged for keeps the price of its old weight", () => {
    const q = create();
    load(q, 2);
    q.reweight(0, 1, 1, 2048, 0, 2 * MS);
    const before = q.vruntime(1);
    q.update(0, 1, 4 * MS);
    // 4 ms at 2048, of which `before` takes back what 2 ms would have cost at 2048 instead of what they did.
    const charged = q.vruntime(1) - before;
    expect(charged).toBe(2 * MS);
    expect(q.sumExec(1)).toBe(4 * MS);
  });
});

describe("virtual-time", () => {
  test("a task that moves keeps its distance to the least vruntime", () => {
    const q = plain();
    load(q, 2);
    q.update(0, 1, 5 * MS);
    q.putBack(0, 1);
    q.begin(0, 2, 5 * MS);
    q.update(0, 2, 6 * MS);
    const lead = q.vruntime(1) - q.minVruntime(0);
    q.prepare(3, 1024, 0);
    q.enqueue(1, 3, 0, 6 * MS, false);
    q.begin(1, 3, 6 * MS);
    q.update(1, 3, 26 * MS);
    q.dequeueWaiting(0, 1, 6 * MS);
    q.migrate(0, 1, 1);
    expect(q.vruntime(1) - q.minVruntime(1)).toBe(lead);
    expect(lead).toBe(4 * MS);
  });

  test("a current task of a new weight has the vruntime of the two stretches", () => {
    const q = plain();
    load(q, 2);
    q.reweight(0, 1, 1, 512, 0, 2 * MS);
    q.update(0, 1, 3 * MS);
    expect(q.vruntime(1)).toBe(2 * MS + 2 * MS);
  });
});

describe("eevdf", () => {
  test("a task that moves takes its lag and the rest of its slice along", () => {
    const q = eevdf();
    load(q, 3);
    q.update(0, 1, MS);
    q.putBack(0, 1);
    q.begin(0, 2, MS);
    // Task 1 has had 1 of 3 ms of its slice when task 2 has run as long: each owes half a ms to task 3.
    q.dequeueWaiting(0, 1, 2 * MS);
    q.prepare(4, 1024, 0);
    q.enqueue(1, 4, 0, 2 * MS, false);
    q.begin(1, 4, 2 * MS);
    q.enqueue(1, 1, 4, 2 * MS, false);
    expect(q.placement.lag(1, 1)).toBe(-Math.floor(MS / 3) - 1);
    expect(q.timeline.deadline(1) - q.vruntime(1)).toBe(2 * MS);
    // Once it sleeps, its next slice is whole.
    q.begin(1, 1, 2 * MS);
    q.sleepCurrent(1, 1, true);
    q.enqueue(1, 1, 0, 2 * MS, false);
    expect(q.timeline.deadline(1) - q.vruntime(1)).toBe(3 * MS);
  });

  test.each([2048, 512, 3])(
    "weight * lag and what is left of the slice survive a change to weight %i",
    (weight) => {
      const q = eevdf();
      load(q, 2);
      q.update(0, 1, 2 * MS);
      const v = q.timeline.virtualTime(0);
      const before = [1, 2].map((tid) => q.placement.lag(0, tid));
      expect(before).toEqual([-MS, MS]);
      const rest = q.timeline.deadline(2) - q.vruntime(2);
      q.reweight(0, 2, 1, weight, 0, 2 * MS);
      expect(q.timeline.deadline(2) - q.vruntime(2)).toBe(Math.trunc((rest * 1024) / weight));
      expect(q.timeline.virtualTime(0)).toBe(v);
      expect(q.placement.lag(0, 2)).toBe(Math.trunc((MS * 1024) / weight));
      expect(q.placement.lag(0, 1)).toBe(-MS);
    },
  );

  test("a delayed task that is taken off its queue just sleeps, owed nothing", () => {
    const q = eevdf();
    load(q, 2);
    q.update(0, 1, 2 * MS);
    expect(q.sleepCurrent(0, 1, false)).toBe(true);
    q.begin(0, q.pick(0, 0), 2 * MS);
    expect(q.isDelayed(1)).toBe(true);
    expect(waiting(q, 0)).toEqual([]);
    q.reweight(0, 1, 2, 512, 0, 2 * MS);
    q.dequeueWaiting(0, 1, 2 * MS);
    expect([q.isDelayed(1), q.isQueued(1), q.nrRunning(0), q.load(0)]).toEqual([false, false, 1, 1024]);
    // Its debt of 1 ms is 2 ms of virtual time at half the weight.
    q.enqueue(0, 1, 2, 2 * MS, false);
    expect(q.placement.lag(0, 1)).toBe(-2 * MS);
  });

  test("a slice of its own counts from the next deadline on", () => {
    const q = eevdf();
    load(q, 2);
    q.reweight(0, 2, 1, 1024, 100_000, 0);
    expect(q.sliceNs(2)).toBe(100_000);
    expect(q.pick(0, 1)).toBe(1);
    q.reweight(0, 2, 1, 1024, 0, 0);
    expect(q.sliceNs(2)).toBe(SLICE);
  });
});
