/** The fair class against its definition: everybody's virtual time stays together, whatever the weights. */
import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { boot } from "../../test/support/boot.ts";
import { cpuOf, taskOf } from "../../test/support/inspect.ts";
import { niceness } from "./arbitraries.ts";

const hogs = fc.array(niceness, { minLength: 2, maxLength: 8 });
const clock = fc.record({
  tickHz: fc.constantFrom(100, 250, 1000),
  sliceNs: fc.integer({ min: 1, max: 8_000_000 }),
});
/** What an interrupt and a switch may add to a turn. */
const OVERHEAD = 10_000;

/** The longest turn there can be: a slice, rounded up to the tick that ends it, from a start between two ticks. */
function longestTurn({ tickHz, sliceNs }: { tickHz: number; sliceNs: number }): number {
  const tick = Math.floor(1e9 / tickHz);
  return (Math.ceil(sliceNs / tick) + 1) * tick + OVERHEAD;
}

describe("hogs on one CPU", () => {
  test.prop([hogs, clock, fc.integer({ min: 1e6, max: 2e9 })])(
    "are never further apart in virtual time than one turn of the lightest",
    (nice, config, untilNs) => {
      const { machine } = boot({ ...config, trace: false });
      const tids = nice.map((level) =>
        machine.spawn(
          function* (env) {
            for (;;) yield* env.work(1e9);
          },
          { nice: level },
        ),
      );
      machine.run({ untilNs });
      const tasks = tids.map((tid) => taskOf(machine, tid));
      const virtual = tasks.map(({ vruntime }) => vruntime);
      const lightest = Math.min(...tasks.map(({ weight }) => weight));
      const spread = Math.max(...virtual) - Math.min(...virtual);
      expect(spread).toBeLessThanOrEqual((longestTurn(config) * 1024) / lightest);
      expect(Math.min(...virtual)).toBeGreaterThanOrEqual(0);
      // The floor follows the least of them.
      expect(cpuOf(machine, 0).floor).toBeLessThanOrEqual(Math.min(...virtual));
    },
  );

  test.prop([hogs, clock])("have shares as their weights, to within their turns", (nice, config) => {
    const { machine } = boot({ ...config, trace: false });
    const tids = nice.map((level) =>
      machine.spawn(
        function* (env) {
          for (;;) yield* env.work(1e9);
        },
        { nice: level },
      ),
    );
    machine.run({ untilNs: 20e9 });
    const tasks = tids.map((tid) => taskOf(machine, tid));
    const total = tasks.reduce((sum, { execNs }) => sum + execNs, 0);
    const weights = tasks.reduce((sum, { weight }) => sum + weight, 0);
    const lightest = Math.min(...tasks.map(({ weight }) => weight));
    const lag = (longestTurn(config) * 1024) / lightest;
    for (const { execNs, weight } of tasks) {
      // A virtual lag of `lag` is this much service; rounding adds up to one virtual ns at each of some 20 000 ticks.
      const slack = ((lag + 40_000) * weight) / 1024;
      expect(Math.abs(execNs - (total * weight) / weights)).toBeLessThanOrEqual(slack);
    }
  });
});

describe("a task that comes or wakes beside hogs", () => {
  const late = fc.record({ nice: niceness, at: fc.integer({ min: 0, max: 5e9 }), hogs, clock });

  test.prop([late])(
    "is placed no earlier than the least of them: it is owed nothing",
    ({ nice, at, hogs: others, clock: config }) => {
      const { machine } = boot({ ...config, trace: false });
      const tids = others.map((level) =>
        machine.spawn(
          function* (env) {
            for (;;) yield* env.work(1e9);
          },
          { nice: level },
        ),
      );
      const sleeper = machine.spawn(
        function* (env) {
          yield* env.sys.nanosleep(at);
          for (;;) yield* env.work(1e9);
        },
        { nice },
      );
      const after = 500e6;
      machine.run({ untilNs: at + after });
      const tasks = [...tids, sleeper].map((tid) => taskOf(machine, tid));
      const weights = tasks.reduce((sum, { weight }) => sum + weight, 0);
      const lightest = Math.min(...tasks.map(({ weight }) => weight));
      const own = tasks.at(-1)!;
      // Its fair share of the time since, its first turn at the beginning, and one lag.
      const lag = (longestTurn(config) * own.weight) / lightest;
      expect(own.execNs).toBeLessThanOrEqual((after * own.weight) / weights + longestTurn(config) + lag);
    },
  );
});
