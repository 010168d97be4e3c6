/**
 * The flaws of v0.3 that exploration has found, each with the schedule that shows it: stored, replayed on `posted` to the same
 * violation and the same trace, and nowhere to be found on `hardened`.
 *
 * The schedules were found without hints (scripts/counterexamples.ts). A change of the kernel or of a scenario that moves a
 * step makes them stale: then the script finds them anew.
 */
import { readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it, test } from "vitest";
import { parseSchedule } from "../../../src/interleaving/schedule.ts";
import { ExploredMachine } from "../../../src/machine/explored-machine.ts";
import { randomRun, replay } from "./drive.ts";
import { configOf, SCENARIOS } from "./flaws/index.ts";

interface Counterexample {
  readonly version: number;
  readonly scenario: string;
  readonly violation: string;
  readonly delays: number | null;
  readonly steps: number;
  readonly digest: string;
  readonly schedule: string;
}

const FOLDER = resolve(import.meta.dirname, "../../../property-tests/explore/counterexamples");
const STORED = readdirSync(FOLDER)
  .filter((name) => name.endsWith(".json"))
  .map((name): Counterexample => JSON.parse(readFileSync(resolve(FOLDER, name), "utf8")));

/** Random executions of each scenario on `hardened`. */
const RUNS = 25;

test("at least twenty flaws are stored, one for each scenario", () => {
  expect(STORED.map(({ scenario }) => scenario).sort()).toEqual(SCENARIOS.map(({ id }) => id).sort());
  const numbers = new Set(STORED.map(({ scenario }) => scenario.split(" ")[0]));
  expect(numbers.size).toBeGreaterThanOrEqual(20);
});

describe.each(STORED)("$scenario", (stored) => {
  const scenario = SCENARIOS.find(({ id }) => id === stored.scenario)!;

  it("is replayed on posted", () => {
    const machine = new ExploredMachine(configOf(scenario, "posted"));
    const schedule = parseSchedule(stored.schedule);
    const outcome = replay(machine, scenario.setup, schedule);
    expect(outcome.failure).toBe(stored.violation);
    expect(outcome.digest).toBe(stored.digest);
    expect(schedule).toHaveLength(stored.steps);
  });

  it("is not found on hardened", () => {
    const machine = new ExploredMachine(configOf(scenario, "hardened"));
    for (let seed = 0; seed < RUNS; seed++)
      expect({ seed, failure: randomRun(machine, scenario.setup, seed).failure }).toEqual({
        seed,
        failure: undefined,
      });
  });
});
