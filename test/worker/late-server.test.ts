/**
 * A worker blocks; its server is woken but waits for a CPU; meanwhile the worker wakes and another server runs it. What it
 * then asks that server for is no business of the first. Found by the stress, and kept as it was shrunk.
 */
import { expect, test } from "vitest";
import { createRuntime } from "../../src/worker/runtime.ts";
import { boot } from "../support/boot.ts";
import { type Action, runOut, spawnPlan, spawnWorkers, type TaskPlan } from "../support/random-program.ts";

function plan(...lists: readonly (readonly Action[])[]): TaskPlan[] {
  return lists.map((actions) => ({ actions, nice: 0, affinity: [] }));
}

test("a request goes to the server that runs the worker now", () => {
  const { machine } = boot({ vcpus: 3, tickHz: 0, fair: "eevdf-6.12", idle: "c6", maxTasks: 256 });
  const tasks = plan([{ do: "yield" }], [], [], [{ do: "child", actions: [] }]);
  const commons = spawnPlan(machine, [
    ...tasks.slice(0, 2),
    { ...tasks[2]!, nice: -4 },
    { ...tasks[3]!, nice: 5 },
  ]);
  const workers = plan(
    [{ do: "sleep", ns: 451 }],
    [
      { do: "work", ns: 4_216 },
      { do: "wake", word: 0, count: 0 },
    ],
    [{ do: "watch", file: 0, op: 1, events: 1, timeoutNs: 0 }],
    [],
  );
  spawnWorkers(createRuntime(machine), commons, workers);
  expect(runOut(machine).deadlocked).toBe(false);
});
