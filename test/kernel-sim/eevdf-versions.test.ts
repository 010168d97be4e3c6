/** Where the EEVDF of 6.12 and that of 7.2 part, and what both do that is easily forgotten: one queue, entity by entity. */
import { describe, expect, test } from "vitest";
import { Arena } from "../../src/kernel-sim/arena.ts";
import { Eevdf } from "../../src/kernel-sim/eevdf.ts";
import { eevdfRules } from "../../src/kernel-sim/eevdf-rules.ts";
import { SCHED_IDLE } from "../../src/kernel-sim/sched-table.ts";
import { TRACE_SCHED_WAKEUP } from "../../src/trace/events.ts";
import { boot } from "../support/boot.ts";

const MS = 1_000_000;
const [A, B, C] = [1, 2, 3] as const;

/** CPU 0, which runs whom it is told to. All entities have nice 0, so that virtual time is run time. */
class Queue {
  readonly q: Eevdf;
  curr = 0;

  constructor(policy: "eevdf-6.12" | "eevdf-7.2", slicesMs: readonly number[]) {
    const build = (arena: Arena): Eevdf => new Eevdf(arena, 4, 1, eevdfRules(policy, 2.8 * MS, 4 * MS));
    const measure = new Arena(0);
    build(measure);
    this.q = build(new Arena(0, new ArrayBuffer(measure.end)));
    for (const [index, ms] of slicesMs.entries()) this.q.prepare(index + 1, 1024, ms * MS);
  }

  add(atMs: number, tid: number, initial = true): this {
    this.q.enqueue(0, tid, this.curr, atMs * MS, initial);
    return this;
  }
  /** From now on `tid` runs, whoever else should. */
  run(atMs: number, tid: number): this {
    this.q.update(0, this.curr, atMs * MS);
    if (this.curr !== 0) this.q.putBack(0, this.curr);
    this.curr = tid;
    this.q.begin(0, tid, atMs * MS);
    return this;
  }
  /** Who runs goes to sleep; with `special` it may not be delayed. */
  sleep(atMs: number, special = true): this {
    this.q.update(0, this.curr, atMs * MS);
    this.q.sleepCurrent(0, this.curr, special);
    this.curr = 0;
    return this;
  }
  preempts(atMs: number, tid: number, initial = false): boolean {
    return this.q.wakeupPreempts(0, this.curr, tid, atMs * MS, initial);
  }
  tick(atMs: number): boolean {
    return this.q.tick(0, this.curr, atMs * MS);
  }
}

describe.each([
  ["eevdf-6.12", false],
  ["eevdf-7.2", true],
] as const)("%s", (policy, newer) => {
  test("a long slice is cut to the shortest one queued from 7.2 on", () => {
    const cpu = new Queue(policy, [10, 1]).add(0, A).add(0, B).run(0, B).run(2, A);
    expect(cpu.tick(2.9)).toBe(false);
    expect(cpu.tick(3.5)).toBe(newer);
    expect(cpu.tick(7.5)).toBe(true);
  });

  test("a wakee that is not picked shortens the protection from 7.2 on", () => {
    const cpu = new Queue(policy, [10, 1]).add(0, A).add(0, B).run(0, B).sleep(2).run(2, A).add(3, B, false);
    expect(cpu.preempts(3, B)).toBe(false);
    expect(cpu.tick(3.9)).toBe(false);
    expect(cpu.tick(4.5)).toBe(newer);
  });

  test("in 6.12 a short wakee that is due first ends the protection even if another is picked", () => {
    // C, asleep but still queued, is in the way of B.
    const cpu = new Queue(policy, [10, 9, 10]).add(0, A).add(0, C).run(0, C).sleep(2, false).run(2, A);
    expect(cpu.q.isDelayed(C)).toBe(true);
    cpu.add(6, B, false);
    expect(cpu.preempts(6, B)).toBe(newer);
    // From 7.2 on it leaves when its turn comes, and B is next.
    expect(cpu.q.isQueued(C)).toBe(!newer);
    if (!newer) expect(cpu.tick(6.1)).toBe(true);
  });

  test("a new task of no shorter slice preempts in 6.12 only, a shorter one in both", () => {
    const ahead = (slice: number): Queue =>
      new Queue(policy, [10, 40, slice]).add(0, A).add(0, B).run(0, A).add(2, C);
    expect(ahead(10).preempts(2, C, true)).toBe(!newer);
    expect(ahead(10).preempts(2, C, false)).toBe(true);
    expect(ahead(1).preempts(2, C, true)).toBe(true);
  });

  test("a new ordinary task takes the CPU from an idle-policy one, and not the other way about", () => {
    const cpu = new Queue(policy, [10, 10]).add(0, A).run(0, A).add(1, B);
    cpu.q.setPolicy(A, SCHED_IDLE);
    expect(cpu.preempts(1, B, true)).toBe(true);
    cpu.q.setPolicy(A, 0);
    cpu.q.setPolicy(B, SCHED_IDLE);
    expect(cpu.preempts(1, B, false)).toBe(false);
  });

  test("a deadline that passed while the task was alone is no reason to let others run", () => {
    const cpu = new Queue(policy, [2, 2]).add(0, A).add(0, B).run(0, B).sleep(1).run(1, A);
    expect(cpu.tick(9)).toBe(false);
    // B owes half a millisecond: it is not eligible.
    cpu.add(9.5, B, false);
    expect(cpu.preempts(9.5, B)).toBe(false);
  });

  test("sched_yield changes nothing for who is alone; nor, from 7.2 on, for who is not eligible", () => {
    const alone = new Queue(policy, [2]).add(0, A).run(0, A);
    const deadline = alone.q.timeline.deadline(A);
    for (let i = 0; i < 3; i++) alone.q.yieldCurrent(0, A);
    expect(alone.q.timeline.deadline(A)).toBe(deadline);
    expect(alone.q.vruntime(A)).toBe(0);

    const ahead = new Queue(policy, [10, 10]).add(0, A).add(0, B).run(0, A);
    ahead.tick(2);
    const before = ahead.q.timeline.deadline(A);
    ahead.q.yieldCurrent(0, A);
    expect(ahead.q.timeline.deadline(A)).toBe(newer ? before : before + 10 * MS);
    expect(ahead.q.vruntime(A)).toBe(2 * MS);

    const behind = new Queue(policy, [10, 10]).add(0, A).add(0, B).run(0, A);
    behind.q.yieldCurrent(0, A);
    expect(behind.q.vruntime(A)).toBe(newer ? 5 * MS : 0);
    expect(behind.q.timeline.deadline(A)).toBe(15 * MS);
  });

  test("a sleeper whose dequeue is delayed owes no more when it wakes than when it went, from 7.2 on", () => {
    const cpu = new Queue(policy, [40, 40, 40]).add(0, A).add(0, B).add(0, C);
    cpu.run(0, A).run(3, C).sleep(3).run(3, A).sleep(3, false).run(3, B);
    // V is at 1.5 ms: A owes as much. C comes back with what it is owed, V goes back to 1 ms.
    cpu.add(3, C, false);
    expect(cpu.q.timeline.virtualTime(0)).toBe(MS);
    cpu.q.wakeQueued(0, A, B, 3 * MS);
    expect(cpu.q.timeline.virtualTime(0) - cpu.q.vruntime(A)).toBe(newer ? -1.5 * MS : -2 * MS);
  });

  test("a sleeper stays queued until others have caught up with it, and no longer", () => {
    const wakes = (afterMs: number): object | undefined => {
      const { machine, log } = boot({ fair: policy, vcpus: 3, tickHz: 250, sliceNs: 3 * MS });
      const word = machine.allocate(4);
      const sleeper = machine.spawn(function* (env) {
        yield* env.work(3 * MS);
        yield* env.sys.futexWait(word, 0);
      });
      machine.spawn(
        function* (env) {
          yield* env.work(afterMs * MS);
          yield* env.memory.store32(word, 1);
          yield* env.sys.futexWake(word);
        },
        { affinity: [1] },
      );
      machine.spawn(
        function* (env) {
          yield* env.work(100 * MS);
        },
        { affinity: [0] },
      );
      machine.run();
      return log.events.filter((e) => e.kind === TRACE_SCHED_WAKEUP && e.tid === sleeper).at(-1);
    };
    expect(wakes(4)).toMatchObject({ cpu: 0, arg0: 2 });
    // Then it has left, and goes to the CPU that is idle.
    expect(wakes(50)).toMatchObject({ cpu: 2, arg0: 1 });
  });
});
