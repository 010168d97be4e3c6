/**
 * Looks for the shortest schedule that shows each documented flaw on the `posted` profile, and writes it down:
 *
 *     node scripts/counterexamples.ts            # all
 *     node scripts/counterexamples.ts F12 F57    # some
 *
 * First by delays (test/hosts/explore/delays.ts): what that finds is minimal, as everything with fewer delays has been
 * executed. What needs more is looked for at random, and the shortest of what is found is kept.
 */
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { formatSchedule } from "../src/interleaving/schedule.ts";
import { ExploredMachine } from "../src/machine/explored-machine.ts";
import { searchByDelays } from "../test/hosts/explore/delays.ts";
import { type Outcome, randomRun } from "../test/hosts/explore/drive.ts";
import { configOf, SCENARIOS, type Scenario } from "../test/hosts/explore/flaws/index.ts";

const FOLDER = resolve(import.meta.dirname, "../property-tests/explore/counterexamples");
const EXECUTIONS = 16_000;
const RANDOM_RUNS = 6_000;
const wanted = process.argv.slice(2);

function shortestAtRandom(machine: ExploredMachine, { setup }: Scenario): Outcome | undefined {
  let best: Outcome | undefined;
  for (let seed = 0; seed < RANDOM_RUNS; seed++) {
    const outcome = randomRun(machine, setup, seed);
    const shorter = best === undefined || outcome.schedule.length < best.schedule.length;
    if (outcome.failure !== undefined && shorter) best = outcome;
  }
  return best;
}

for (const scenario of SCENARIOS) {
  if (wanted.length > 0 && !wanted.includes(scenario.id)) continue;
  const machine = new ExploredMachine(configOf(scenario, "posted"));
  const executions = scenario.deep === true ? 1 : EXECUTIONS;
  const searched = searchByDelays(machine, scenario.setup, { delays: 3, executions });
  const outcome = searched.found?.outcome ?? shortestAtRandom(machine, scenario);
  if (outcome === undefined) {
    console.log(`${scenario.id}: nothing`);
    continue;
  }
  const counterexample = {
    version: 1,
    scenario: scenario.id,
    profile: "posted",
    violation: outcome.failure,
    // null: found at random, and not known to be minimal.
    delays: searched.found?.delays ?? null,
    minimal: searched.found !== undefined && searched.complete >= searched.found.delays - 1,
    steps: outcome.schedule.length,
    digest: outcome.digest,
    schedule: formatSchedule(outcome.schedule),
  };
  const file = resolve(FOLDER, `${scenario.id.replace(" ", "-")}.json`);
  writeFileSync(file, `${JSON.stringify(counterexample, null, 2)}\n`);
  console.log(
    `${scenario.id}: ${counterexample.delays} delays, ${counterexample.steps} steps: ${outcome.failure}`,
  );
}
