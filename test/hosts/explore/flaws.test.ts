/**
 * The flaws of v0.3 that exploration has found, each with the schedule that shows it: stored, replayed on `posted` to the same
 * violation, and nowhere to be found on `hardened`.
 *
 * The schedules were found without hints (scripts/counterexamples.ts). A change of the kernel or of a scenario that adds or
 * takes away a step makes them stale: then the script finds them anew.
 */
import { readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it, test } from "vitest";
import { explore, kernelProgram, replay } from "../../../src/explore/index.ts";
import { configOf, SCENARIOS } from "./flaws/index.ts";

interface Counterexample {
  readonly version: number;
  readonly scenario: string;
  readonly kind: string;
  readonly message: string;
  readonly schedule: string;
  readonly steps: number;
  readonly preemptions: number;
  readonly minimal: boolean;
}

const FOLDER = resolve(import.meta.dirname, "../../../property-tests/explore/counterexamples");
const STORED = readdirSync(FOLDER)
  .filter((name) => name.endsWith(".json"))
  .map((name): Counterexample => JSON.parse(readFileSync(resolve(FOLDER, name), "utf8")));

/** A message without the addresses that a deadlock's has: they depend on the kernel's tables. */
function withoutWhere(message: string): string {
  return message.replaceAll(/0x[0-9a-f]+/g, "");
}

/** Random executions of each scenario on `hardened`. */
const RUNS = 20;

test("at least twenty flaws are stored, one for each scenario", () => {
  expect(STORED.map(({ scenario }) => scenario).sort()).toEqual(SCENARIOS.map(({ id }) => id).sort());
  const numbers = new Set(STORED.map(({ scenario }) => scenario.split(" ")[0]));
  expect(numbers.size).toBeGreaterThanOrEqual(20);
});

describe.each(STORED)("$scenario", (stored) => {
  const scenario = SCENARIOS.find(({ id }) => id === stored.scenario)!;

  it("is replayed on posted", () => {
    const program = kernelProgram(scenario.setup, configOf(scenario, "posted"));
    const { steps, preemptions, violation } = replay(program, stored.schedule);
    expect(violation?.kind).toBe(stored.kind);
    expect(withoutWhere(violation!.message)).toBe(withoutWhere(stored.message));
    expect([steps.length, preemptions]).toEqual([stored.steps, stored.preemptions]);
  });

  it("is not found on hardened", () => {
    const program = kernelProgram(scenario.setup, configOf(scenario, "hardened"));
    const { violations } = explore(program, { strategy: "random", maxExecutions: RUNS, shrink: false });
    expect(violations).toEqual([]);
  });
});
