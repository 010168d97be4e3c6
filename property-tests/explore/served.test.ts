/**
 * The thread library on the simulated kernel, explored completely: a certificate each, beside those of explored.test.ts. FC_RUNS asks for
 * the longer ones; the longest are scripts/explore-served.ts's (docs/library-explored.md has the table).
 */
import { describe, expect, it } from "vitest";
import { type Explorable, explore } from "../../src/explore/index.ts";
import { MEETINGS, type Serving, servedProgram } from "./library/served.ts";

const campaign = process.env["FC_RUNS"] !== undefined;

function certify(program: Explorable): number {
  const { complete, executions, distinct, blocked, violations } = explore(program);
  expect({ complete, blocked, violations }).toEqual({ complete: true, blocked: 0, violations: [] });
  expect(distinct).toBe(executions);
  return executions;
}

const SERVINGS: readonly Serving[] = [
  { servers: 1, stage: "meets" },
  ...(campaign
    ? ([
        { servers: 2, policy: "go-like", stage: "waits" },
        { servers: 2, stage: "parks" },
      ] as const)
    : []),
];

describe.each(SERVINGS)("on $servers servers, from where one $stage", (serving) => {
  it.each(Object.keys(MEETINGS))("%s", (name) => {
    const executions = certify(servedProgram(name, serving));
    if (serving.servers > 1) expect(executions).toBeGreaterThan(1);
  });
});
