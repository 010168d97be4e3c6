/** Every strategy drives kernel mode, and what it finds is made small: a race of v0.3 that needs one preemption. */
import { describe, expect, it } from "vitest";
import { explore, kernelProgram, type StrategyName } from "../../../src/explore/index.ts";
import { configOf, SCENARIOS } from "../../hosts/explore/flaws/index.ts";

const F32 = SCENARIOS.find(({ id }) => id === "F32")!;
const STRATEGIES: readonly StrategyName[] = ["pct", "pos", "surw", "preemptions", "delays"];

describe("a word that changes under block detection (F32)", () => {
  it.each(STRATEGIES)("is found by %s on posted, and shrunk", (strategy) => {
    const program = kernelProgram(F32.setup, configOf(F32, "posted"));
    const { violations } = explore(program, { strategy, maxExecutions: 2_000, proofExecutions: 300 });
    expect(violations).toMatchObject([
      { kind: "invariant", invariant: "I40", preemptions: 1, minimal: true },
    ]);
  });

  it.each(STRATEGIES)("is not found by %s on hardened", (strategy) => {
    const program = kernelProgram(F32.setup, configOf(F32, "hardened"));
    expect(explore(program, { strategy, maxExecutions: 10 }).violations).toEqual([]);
  });
});
