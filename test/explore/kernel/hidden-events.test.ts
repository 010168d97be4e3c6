/** What happens so many times in all hides what could have happened later: a reduced search does not call itself complete then. */
import { expect, test } from "vitest";
import { explore, type KernelProgram, kernelProgram, parted } from "../../../src/explore/index.ts";

const twoLoads: KernelProgram = (machine) => {
  const word = machine.allocate(4);
  for (let task = 0; task < 2; task++)
    machine.spawn(function* (env) {
      yield* env.memory.load32(word);
    });
};

test.each([
  ["optimal", {}, true],
  ["optimal", { preemptions: 1 }, false],
  ["optimal", { spuriousWakes: 1 }, false],
  ["source", { signals: 1 }, false],
  ["sleep-sets", { preemptions: 1 }, true],
  ["sleep-sets", { signals: 1 }, true],
] as const)("%s with %j: complete %s", (strategy, nondeterminism, complete) => {
  const program = kernelProgram(twoLoads, { vcpus: 1, nondeterminism });
  const result = explore(program, { strategy });
  expect(result).toMatchObject({ complete, stopped: undefined, violations: [] });
  const inParts = parted(program, { strategy });
  inParts.advance(() => false);
  expect(inParts.result()).toEqual(result);
});
