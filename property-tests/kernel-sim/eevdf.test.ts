/**
 * The EEVDF class by itself, against its definitions: random entities that run, sleep, wake and yield on one queue.
 *
 * After every operation: the weighted lags of all entities sum to zero (to the rounding of V, less than one ns a unit of
 * weight), what is picked has the earliest deadline among the eligible unless the current one is protected, counts are
 * right, and nothing runnable is left without a pick.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Arena } from "../../src/kernel-sim/arena.ts";
import { DeadlineTree } from "../../src/kernel-sim/deadline-tree.ts";
import { Eevdf } from "../../src/kernel-sim/eevdf.ts";
import { eevdfRules } from "../../src/kernel-sim/eevdf-rules.ts";
import { WEIGHT_OF_NICE } from "../../src/kernel-sim/fair-queue.ts";

const TASKS = 16;
const NR = Number(process.env["FC_RUNS"] ?? 200);

function laidOut<T>(build: (arena: Arena) => T): T {
  const measure = new Arena(0);
  build(measure);
  return build(new Arena(0, new ArrayBuffer(measure.end)));
}

/** One CPU that always runs what the class picks. */
class Bench {
  readonly q: Eevdf;
  readonly weights: number[] = [0];
  readonly asleep: Set<number> = new Set();
  now = 0;
  curr = 0;

  constructor(policy: "eevdf-6.12" | "eevdf-7.2", entities: readonly { nice: number; slice: number }[]) {
    this.q = laidOut((arena) => new Eevdf(arena, TASKS, 1, eevdfRules(policy, 2_800_000, 4_000_000)));
    for (const [i, { nice, slice }] of entities.entries()) {
      this.weights.push(WEIGHT_OF_NICE[nice + 20]!);
      this.q.prepare(i + 1, this.weights[i + 1]!, slice);
      this.q.enqueue(0, i + 1, this.curr, this.now, true);
    }
    this.dispatch();
  }

  dispatch(): void {
    const next = this.q.pick(0, this.curr);
    if (next === this.curr) return;
    if (this.curr !== 0) this.q.putBack(0, this.curr);
    this.curr = next;
    if (next !== 0) this.q.begin(0, next, this.now);
  }

  step(op: { what: string; ns: number; who: number }): void {
    const { q } = this;
    this.now += op.ns;
    const over = q.tick(0, this.curr, this.now);
    if (op.what === "sleep" && this.curr !== 0) {
      this.asleep.add(this.curr);
      q.sleepCurrent(0, this.curr, false);
      this.curr = 0;
    } else if (op.what === "wake" && this.asleep.size > 0) {
      const tid = [...this.asleep][op.who % this.asleep.size]!;
      this.asleep.delete(tid);
      if (q.isQueued(tid)) q.wakeQueued(0, tid, this.curr, this.now);
      else q.enqueue(0, tid, this.curr, this.now, false);
      if (this.curr !== 0 && !q.wakeupPreempts(0, this.curr, tid, this.now) && !over) return;
    } else if (op.what === "yield" && this.curr !== 0) q.yieldCurrent(0, this.curr);
    else if (!over) return;
    this.dispatch();
  }

  check(): void {
    const { q } = this;
    const queued = this.weights.map((_, tid) => tid).filter((tid) => tid > 0 && q.isQueued(tid));
    const load = queued.reduce((sum, tid) => sum + this.weights[tid]!, 0);
    const v = q.virtualTime(0);
    const lag = queued.reduce((sum, tid) => sum + this.weights[tid]! * (v - q.vruntime(tid)), 0);
    expect(Math.abs(lag)).toBeLessThanOrEqual(load);
    expect(q.load(0)).toBe(load);
    const runnable = this.weights.length - 1 - this.asleep.size;
    expect(q.nrRunning(0)).toBe(runnable);
    expect(this.curr === 0).toBe(runnable === 0);
    for (const tid of queued) expect(q.isDelayed(tid)).toBe(this.asleep.has(tid));
  }
}

const entity = fc.record({
  nice: fc.integer({ min: -20, max: 19 }),
  slice: fc.constantFrom(0, 0, 100_000, 3_000_000, 40_000_000),
});
const operation = fc.record({
  what: fc.constantFrom("run", "run", "sleep", "wake", "yield"),
  ns: fc.nat(5_000_000),
  who: fc.nat(TASKS),
});

describe.each(["eevdf-6.12", "eevdf-7.2"] as const)("%s", (policy) => {
  it("keeps the sum of weighted lags at zero, counts right and never idles with work", () => {
    fc.assert(
      fc.property(
        fc.array(entity, { minLength: 1, maxLength: TASKS }),
        fc.array(operation, { maxLength: 120 }),
        (entities, operations) => {
          const bench = new Bench(policy, entities);
          bench.check();
          for (const op of operations) {
            bench.step(op);
            bench.check();
          }
        },
      ),
      { numRuns: NR },
    );
  });

  it("serves hogs by weight, each within its longest slice and a tick of its due", () => {
    fc.assert(
      fc.property(fc.array(entity, { minLength: 2, maxLength: 6 }), (entities) => {
        const bench = new Bench(
          policy,
          entities.map(({ nice }) => ({ nice: nice % 6, slice: 0 })),
        );
        for (let tick = 0; tick < 3000; tick++) bench.step({ what: "run", ns: 4_000_000, who: 0 });
        const load = bench.weights.reduce((a, b) => a + b, 0);
        for (let tid = 1; tid < bench.weights.length; tid++) {
          const due = (bench.now * bench.weights[tid]!) / load;
          expect(Math.abs(bench.q.sumExec(tid) - due)).toBeLessThan(2.8e6 + 4e6 + 1);
        }
      }),
      { numRuns: Math.min(NR, 200) },
    );
  });
});

describe("DeadlineTree", () => {
  it("is a sorted list that knows its least vruntime and the earliest eligible deadline", () => {
    const change = fc.record({
      tid: fc.integer({ min: 1, max: TASKS }),
      deadline: fc.nat(20),
      vruntime: fc.nat(20),
    });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 80 }), fc.nat(20), (changes, limit) => {
        const tree = laidOut((arena) => new DeadlineTree(arena, TASKS, 1));
        let model: { tid: number; deadline: number; vruntime: number }[] = [];
        for (const { tid, deadline, vruntime } of changes) {
          if (model.some((e) => e.tid === tid)) {
            tree.remove(0, tid);
            model = model.filter((e) => e.tid !== tid);
          } else {
            tree.insert(0, tid, deadline, vruntime, 1000 * tid);
            const at = model.findIndex((e) => e.deadline > deadline);
            model.splice(at < 0 ? model.length : at, 0, { tid, deadline, vruntime });
          }
          const order: number[] = [];
          for (let at = tree.first(0); at !== 0; at = tree.after(at)) order.push(at);
          expect(order).toEqual(model.map((e) => e.tid));
          expect(tree.leastVruntime(0)).toBe(Math.min(...model.map((e) => e.vruntime)));
          expect(tree.shortestSlice(0)).toBe(Math.min(...model.map((e) => 1000 * e.tid)));
          expect(tree.longestSlice(0)).toBe(Math.max(0, ...model.map((e) => 1000 * e.tid)));
          expect(tree.earliestEligible(0, limit)).toBe(model.find((e) => e.vruntime <= limit)?.tid ?? 0);
        }
      }),
      { numRuns: NR },
    );
  });
});
