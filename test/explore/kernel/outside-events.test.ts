/** What comes from outside happens so many times in all: searches that reverse races meet every class all the same. */
import { expect, test } from "vitest";
import { explore, type KernelProgram, kernelProgram, parted } from "../../../src/explore/index.ts";

const twoLoads: KernelProgram = (machine) => {
  const word = machine.allocate(4);
  for (let task = 0; task < 2; task++)
    machine.spawn(function* (env) {
      yield* env.memory.load32(word);
    });
};

/** A timer wakes one while the other is in user mode: until then there is nobody to preempt for. */
const timesOut: KernelProgram = (machine) => {
  const word = machine.allocate(4);
  machine.spawn(
    function* (env) {
      yield* env.sys.futexWait(word, 0, 1_000);
    },
    { affinity: [0] },
  );
  machine.spawn(
    function* (env) {
      yield* env.memory.store32(word, 1);
    },
    { affinity: [0] },
  );
};

test.each([
  ["two loads", twoLoads, 1, { preemptions: 1 }],
  ["two loads", twoLoads, 1, { preemptions: 1, signals: 1 }],
  ["two loads", twoLoads, 2, { signals: 1 }],
  ["a sleeper", timesOut, 1, { preemptions: 1 }],
] as const)("%s, %#: optimal and source are complete, with the classes of sleep sets", (...given) => {
  const [, tasks, vcpus, nondeterminism] = given;
  const program = kernelProgram(tasks, { vcpus, nondeterminism });
  const all = explore(program, { strategy: "sleep-sets" });
  expect(all).toMatchObject({ complete: true, executions: all.distinct });
  for (const strategy of ["optimal", "source"] as const) {
    const result = explore(program, { strategy });
    const { executions, distinct, complete, stopped, violations } = result;
    expect({ executions, distinct, complete, stopped, violations }).toEqual({
      executions: all.executions,
      distinct: all.distinct,
      complete: true,
      stopped: undefined,
      violations: all.violations,
    });
    expect(result.blocked).toBeLessThanOrEqual(all.blocked);
    const inParts = parted(program, { strategy });
    inParts.advance(() => false);
    expect(inParts.result()).toEqual(result);
  }
});
