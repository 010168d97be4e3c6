/** Scenarios 10 to 13 of the selftests (docs/umcg.md): servers that poll and run workers, on both profiles. There is no group object in this ABI. */
import { describe, expect, it } from "vitest";
import { registerServer } from "../../../src/bench/workloads/umcg-user.ts";
import {
  nextTidOf,
  serverTidOf,
  UMCG_TASK_BLOCKED,
  UMCG_TASK_IDLE,
  UMCG_TASK_NONE,
  UMCG_TASK_RUNNING,
} from "../../../src/index.ts";
import { boot } from "../../support/boot.ts";
import { PROFILES, type Who, who, Yard } from "./user.ts";

const MS = 1_000_000;

describe.each(PROFILES)("%s", (umcg) => {
  it.each([1, 2])("10: poll and run, with vcpus: %i", (vcpus) => {
    const yard = new Yard(umcg, vcpus);
    const { machine } = yard;
    const page = machine.allocate(4096, 4096);
    machine.swapOut(page, 4096);
    let [reached, effect] = [false, 0];
    const worker = yard.worker(function* (env) {
      reached = true;
      // It only faults: that is no reason to be somebody else.
      effect = 1 + (yield* env.memory.load32(page));
    });
    let faults = 0;
    yard.serve(function* (env) {
      expect(yield* yard.poll(env)).toEqual([worker]);
      yield* env.sys.nanosleep(MS);
      expect([reached, yield* yard.state(env, worker)]).toEqual([false, UMCG_TASK_IDLE]);
      for (let left = false; !left; ) {
        left = (yield* yard.run(env, worker)) === undefined;
        if (left) break;
        faults++;
        expect(yield* yard.poll(env)).toEqual([worker]);
      }
      expect(yard.gone).toEqual(new Set([worker]));
    });
    expect([effect, faults]).toEqual([1, 1]);
  });

  it("10: what stands for the group: a task cannot end while it is registered, and can afterwards", () => {
    const { machine } = boot({ umcg });
    const { record } = who(machine);
    machine.spawn((env) => registerServer(env, record));
    expect(() => machine.run()).toThrow(/returned while registered/);
    const yard = new Yard(umcg);
    yard.serve(function* () {});
    expect(yard.machine.kernel.live).toBe(0);
  });

  it.each([1, 2])("11: a worker that sleeps does not resume by itself, with vcpus: %i", (vcpus) => {
    const yard = new Yard(umcg, vcpus);
    let mark = 0;
    const worker = yard.worker(function* (env) {
      mark = 1;
      yield* env.sys.nanosleep(2 * MS);
      mark = 2;
    });
    const before = yard.machine.kernel.tasks.umcgTask(worker.tid);
    yard.serve(function* (env) {
      yield* yard.poll(env);
      expect(yield* yard.run(env, worker)).toBe(worker);
      expect([mark, yield* yard.state(env, worker)]).toEqual([1, UMCG_TASK_BLOCKED]);
      expect(yield* yard.state(env, yard.server)).toBe(UMCG_TASK_RUNNING);
      yield* env.sys.nanosleep(4 * MS);
      expect([mark, yield* yard.state(env, worker)]).toEqual([1, UMCG_TASK_IDLE]);
      expect(yield* yard.poll(env)).toEqual([worker]);
      expect(yield* yard.run(env, worker)).toBeUndefined();
    });
    expect([before, mark]).toEqual([UMCG_TASK_NONE, 2]);
  });

  it.each([1, 2])(
    "12: a worker that waits is pollable when it has been woken, and runs when it is run, with vcpus: %i",
    (vcpus) => {
      const yard = new Yard(umcg, vcpus);
      let mark = 0;
      const worker = yard.worker(function* (env, self) {
        mark = 1;
        yield* yard.park(env, self);
        mark = 2;
      });
      yard.serve(function* (env) {
        yield* yard.poll(env);
        expect(yield* yard.run(env, worker)).toBe(worker);
        yield* env.sys.nanosleep(MS);
        expect([mark, yield* yard.state(env, worker), yield* yard.look(env)]).toEqual([
          1,
          UMCG_TASK_IDLE,
          [],
        ]);
        yield* yard.wake(env, worker);
        expect(yield* yard.poll(env)).toEqual([worker]);
        yield* env.sys.nanosleep(MS);
        expect(mark).toBe(1);
        expect(yield* yard.run(env, worker)).toBeUndefined();
      });
      expect(mark).toBe(2);
    },
  );

  it.each([1, 2])("13: a chain of ten workers, each swaps into the next, with vcpus: %i", (vcpus) => {
    const yard = new Yard(umcg, vcpus);
    const order: number[] = [];
    for (let place = 0; place < 10; place++) {
      yard.worker(function* (env, self) {
        order.push(place);
        if (place < 9) yield* yard.swap(env, self, yard.workers[place + 1]!);
        else yield* yard.park(env, self);
      });
    }
    yard.serve(function* (env) {
      const polled = new Set<Who>();
      while (polled.size < 10) for (const w of yield* yard.poll(env)) polled.add(w);
      expect(polled).toEqual(new Set(yard.workers));
      const [first, last] = [yard.workers[0]!, yard.workers[9]!];
      expect(yield* yard.run(env, first)).toBe(last);
      expect(yield* env.memory.load32(serverTidOf(last.record))).toBe(env.tid);
      expect(yield* env.memory.load32(nextTidOf(last.record))).toBe(0);
      expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
      for (const w of yard.workers) expect(yield* yard.run(env, w)).toBeUndefined();
      expect(yard.gone.size).toBe(10);
    });
  });
});
