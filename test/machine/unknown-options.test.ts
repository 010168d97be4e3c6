// A slip in the name of an option is an error wherever options are taken, and not a default.
import { expect, test } from "vitest";
import { bareProgram, explore, policyProgram } from "../../src/explore/index.ts";
import { createMachine, createRuntime, createStepper, fifo } from "../../src/index.ts";
import { boot } from "../../src/library/index.ts";
import { createThreadMachine, runProgram } from "../../src/machine/threads/index.ts";
import { createThreads } from "../../src/threads/index.ts";

const url = import.meta.url;
const program = bareProgram(() => undefined);
function setUp(): void {}

test.each<[string, string, string, (options: object) => unknown]>([
  ["createMachine", "ERR_CONFIG", "vcpus", createMachine],
  ["createStepper", "ERR_CONFIG", "vcpus", createStepper],
  ["createThreadMachine", "ERR_CONFIG", "vcpus", (o) => createThreadMachine({ image: new URL(url), ...o })],
  ["runProgram", "ERR_CONFIG", "vcpus", (o) => runProgram(setUp, { url, ...o })],
  ["runProgram, threads", "ERR_CONFIG", "vcpus", (o) => runProgram(setUp, { url, host: "threads", ...o })],
  ["runProgram, virtual", "ERR_CONFIG", "profile", (o) => runProgram(setUp, { url, virtual: o })],
  ["boot", "ERR_CONFIG", "callers", boot],
  ["boot, machine", "ERR_CONFIG", "vcpus", (machine) => boot({ machine })],
  ["createRuntime", "ERR_RUNTIME_CONFIG", "servers", (o) => createRuntime(createMachine(), o)],
  ["explore", "ERR_EXPLORE_OPTION", "strategy", (o) => explore(program, o)],
  ["bareProgram", "ERR_EXPLORE_OPTION", "faults", (o) => bareProgram(() => undefined, o)],
  ["policyProgram", "ERR_EXPLORE_OPTION", "workers", (o) => policyProgram(fifo, o)],
  ["createThreads", "ERR_OPTION", "quantumMs", createThreads],
])("%s: %s names the one that was meant", async (_, code, meant, make) => {
  const slip = meant.replace(/(.)(.)$/, "$2$1");
  await expect((async () => await make({ [slip]: 1 }))()).rejects.toMatchObject({
    code,
    message: expect.stringContaining(`unknown option "${slip}"; did you mean ${meant}?`),
  });
});

test("a name like none is answered with what there is", () => {
  expect(() => createRuntime(createMachine(), { threads: 2 } as object)).toThrow(
    'unknown option "threads"; known are servers, maxServers, pin, policy, seed, preemptNs, idle',
  );
  expect(() => createRuntime(createMachine(), { idle: { spins: 2 } } as object)).toThrow(
    'idle: unknown option "spins"; did you mean spin?',
  );
});
