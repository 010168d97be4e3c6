/**
 * Every documented flaw is found anew on `posted`, without hints, and on `hardened` the same searches find nothing.
 *
 * By delays, in the order of their number: complete up to as many as there were executions for. FC_RUNS asks for more of these,
 * and for random executions beside them.
 */
import { describe, expect, it } from "vitest";
import { type ExploreOptions, explore, kernelProgram } from "../../src/explore/index.ts";
import { configOf, SCENARIOS } from "../../test/hosts/explore/flaws/index.ts";

const campaign = process.env["FC_RUNS"] !== undefined;
const SEARCHES: readonly ExploreOptions[] = campaign
  ? [
      { strategy: "delays", maxExecutions: 6_000, shrink: false },
      { strategy: "random", maxExecutions: Number(process.env["FC_RUNS"]), maxSteps: 20_000, shrink: false },
    ]
  : [{ strategy: "delays", maxExecutions: 150, shrink: false }];

/** Take more executions than a default run has for them. */
const DEEP = ["F1", "F2", "F3", "F12", "F39"];

describe.each(SCENARIOS)("$id: $what", (scenario) => {
  const { id, setup } = scenario;

  it("is not found on hardened", () => {
    const program = kernelProgram(setup, configOf(scenario, "hardened"));
    for (const search of SEARCHES) expect(explore(program, search).violations).toEqual([]);
  });

  if (!campaign && DEEP.includes(id)) return;
  it("is found on posted", () => {
    const program = kernelProgram(setup, configOf(scenario, "posted"));
    const found = SEARCHES.some((search) => explore(program, search).violations.length > 0);
    expect(found).toBe(true);
  });
});
