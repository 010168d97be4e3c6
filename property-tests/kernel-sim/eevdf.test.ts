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

/** CPUs that always run what the class picks. Entities begin on CPU 0. */
class Bench {
  readonly q: Eevdf;
  readonly weights: number[] = [0];
  readonly cpus: number[] = [0];
  readonly asleep: Set<number> = new Set();
  readonly curr: number[] = [0, 0];
  now = 0;

  constructor(policy: "eevdf-6.12" | "eevdf-7.2", entities: readonly { nice: number; slice: number }[]) {
    this.q = laidOut((arena) => new Eevdf(arena, TASKS, 2, eevdfRules(policy, 2_800_000, 4_000_000)));
    for (const [i, { nice, slice }] of entities.entries()) {
      this.weights.push(WEIGHT_OF_NICE[nice + 20]!);
      this.cpus.push(0);
      this.q.prepare(i + 1, this.weights[i + 1]!, slice);
      this.q.enqueue(0, i + 1, 0, this.now, true);
    }
    this.dispatch(0);
  }

  dispatch(cpu: number): void {
    const prev = this.curr[cpu]!;
    const next = this.q.pick(cpu, prev);
    if (next === prev) return;
    if (prev !== 0) this.q.putBack(cpu, prev);
    this.curr[cpu] = next;
    if (next !== 0) this.q.begin(cpu, next, this.now);
  }

  step(op: Operation): void {
    this.now += op.ns;
    for (const cpu of [0, 1]) if (this.q.tick(cpu, this.curr[cpu]!, this.now)) this.dispatch(cpu);
    this[op.what](op);
  }

  run(): void {}

  sleep({ cpu }: Operation): void {
    if (this.curr[cpu] === 0) return;
    this.asleep.add(this.curr[cpu]!);
    this.q.sleepCurrent(cpu, this.curr[cpu]!, false);
    this.curr[cpu] = 0;
    this.dispatch(cpu);
  }

  wake({ who }: Operation): void {
    const { q } = this;
    if (this.asleep.size === 0) return;
    const tid = [...this.asleep][who % this.asleep.size]!;
    this.asleep.delete(tid);
    const cpu = this.cpus[tid]!;
    const curr = this.curr[cpu]!;
    if (q.isQueued(tid)) q.wakeQueued(cpu, tid, curr, this.now);
    else q.enqueue(cpu, tid, curr, this.now, false);
    if (curr === 0 || q.wakeupPreempts(cpu, curr, tid, this.now, false)) this.dispatch(cpu);
  }

  yield({ cpu }: Operation): void {
    if (this.curr[cpu] !== 0) this.q.yieldCurrent(cpu, this.curr[cpu]!);
    this.dispatch(cpu);
  }

  /** A waiting entity goes to the other CPU; a delayed one just leaves. The lag it carries is what it had. */
  move({ who }: Operation): void {
    const { q } = this;
    const tid = 1 + (who % (this.weights.length - 1));
    const from = this.cpus[tid]!;
    if (!q.isQueued(tid) || this.curr[from] === tid) return;
    const delayed = q.isDelayed(tid);
    q.dequeueWaiting(from, tid, this.now);
    expect(q.isQueued(tid)).toBe(false);
    if (delayed) return;
    const to = 1 - from;
    this.cpus[tid] = to;
    q.enqueue(to, tid, this.curr[to]!, this.now, false);
    if (this.curr[to] === 0) this.dispatch(to);
  }

  reweight({ who, nice, slice }: Operation): void {
    const tid = 1 + (who % (this.weights.length - 1));
    const cpu = this.cpus[tid]!;
    this.weights[tid] = WEIGHT_OF_NICE[nice + 20]!;
    this.q.reweight(cpu, tid, this.curr[cpu]!, this.weights[tid]!, slice, this.now);
    expect(this.q.sliceNs(tid)).toBe(slice === 0 ? 2_800_000 : slice);
  }

  check(): void {
    for (const cpu of [0, 1]) this.#checkCpu(cpu);
  }

  #checkCpu(cpu: number): void {
    const { q } = this;
    const mine = this.weights.map((_, tid) => tid).filter((tid) => tid > 0 && this.cpus[tid] === cpu);
    const queued = mine.filter((tid) => q.isQueued(tid));
    const load = queued.reduce((sum, tid) => sum + this.weights[tid]!, 0);
    const v = q.timeline.virtualTime(cpu);
    const lag = queued.reduce((sum, tid) => sum + this.weights[tid]! * (v - q.vruntime(tid)), 0);
    expect(Math.abs(lag)).toBeLessThanOrEqual(load);
    expect(q.load(cpu)).toBe(load);
    const runnable = mine.filter((tid) => !this.asleep.has(tid));
    expect(q.nrRunning(cpu)).toBe(runnable.length);
    expect(this.curr[cpu] === 0).toBe(runnable.length === 0);
    for (const tid of queued) expect(q.isDelayed(tid)).toBe(this.asleep.has(tid));
    const waiting: number[] = [];
    for (let tid = q.firstWaiting(cpu); tid !== 0; tid = q.nextWaiting(tid)) waiting.push(tid);
    expect(waiting.sort((a, b) => a - b)).toEqual(runnable.filter((tid) => tid !== this.curr[cpu]));
  }
}

interface Operation {
  readonly what: "run" | "sleep" | "wake" | "yield" | "move" | "reweight";
  readonly ns: number;
  readonly who: number;
  readonly cpu: number;
  readonly nice: number;
  readonly slice: number;
}

const share = {
  nice: fc.integer({ min: -20, max: 19 }),
  slice: fc.constantFrom(0, 0, 100_000, 3_000_000, 40_000_000),
};
const entity = fc.record(share);
const operation: fc.Arbitrary<Operation> = fc.record({
  what: fc.constantFrom("run", "run", "sleep", "wake", "yield", "move", "reweight"),
  ns: fc.nat(5_000_000),
  who: fc.nat(TASKS),
  cpu: fc.nat(1),
  ...share,
});
const RUN_A_TICK: Operation = { what: "run", ns: 4_000_000, who: 0, cpu: 0, nice: 0, slice: 0 };

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

  it("keeps every hog near its due while weights and slices change: nobody starves", () => {
    const change = fc.record({
      every: fc.integer({ min: 1, max: 9 }),
      who: fc.nat(TASKS),
      nice: fc.integer({ min: -8, max: 8 }),
      slice: fc.constantFrom(0, 100_000, 5_000_000),
    });
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 6 }),
        fc.array(change, { minLength: 1, maxLength: 8 }),
        (hogs, changes) => {
          const bench = new Bench(policy, new Array(hogs).fill({ nice: 0, slice: 0 }));
          const due = new Array<number>(hogs + 1).fill(0);
          for (let tick = 0; tick < 400; tick++) {
            for (const to of changes)
              if (tick % (7 * to.every) === 0) bench.reweight({ ...RUN_A_TICK, ...to });
            const load = bench.weights.reduce((a, b) => a + b, 0);
            for (let tid = 1; tid <= hogs; tid++) due[tid]! += (RUN_A_TICK.ns * bench.weights[tid]!) / load;
            bench.step(RUN_A_TICK);
            // The longest slice, which ends at a tick, and a tick more: in run time, so for the light as for the heavy.
            for (let tid = 1; tid <= hogs; tid++) {
              expect(Math.abs(bench.q.sumExec(tid) - due[tid]!)).toBeLessThan(8e6 + 4e6 + 1e4);
            }
          }
        },
      ),
      { numRuns: Math.ceil(NR / 12) },
    );
  });

  it("serves hogs by weight, each within its longest slice and a tick of its due", () => {
    fc.assert(
      fc.property(fc.array(entity, { minLength: 2, maxLength: 6 }), (entities) => {
        const bench = new Bench(
          policy,
          entities.map(({ nice }) => ({ nice: nice % 6, slice: 0 })),
        );
        for (let tick = 0; tick < 3000; tick++) bench.step(RUN_A_TICK);
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
