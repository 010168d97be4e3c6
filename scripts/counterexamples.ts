/**
 * Looks for a schedule that shows each documented flaw on the `posted` profile, makes it small, and writes it down:
 *
 *     node scripts/counterexamples.ts            # all
 *     node scripts/counterexamples.ts F12 F57    # some
 *
 * By delays, then at random. What is found is shrunk; `minimal` says that every execution with fewer preemptions was looked at.
 */
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { type ExploreOptions, explore, kernelProgram } from "../src/explore/index.ts";
import { configOf, SCENARIOS } from "../test/hosts/explore/flaws/index.ts";

const FOLDER = resolve(import.meta.dirname, "../property-tests/explore/counterexamples");
const SEARCHES: readonly ExploreOptions[] = [
  { strategy: "delays", maxExecutions: 4_000, proofExecutions: 4_000 },
  { strategy: "random", maxExecutions: 6_000, maxSteps: 20_000, proofExecutions: 0 },
];
const wanted = process.argv.slice(2);

for (const scenario of SCENARIOS) {
  if (wanted.length > 0 && !wanted.includes(scenario.id)) continue;
  const program = kernelProgram(scenario.setup, configOf(scenario, "posted"));
  const searches = scenario.deep === true ? SEARCHES.slice(1) : SEARCHES;
  for (const search of searches) {
    const [found] = explore(program, search).violations;
    if (found === undefined) continue;
    const { kind, message, schedule, steps, preemptions, minimal } = found;
    const text = { version: 1, scenario: scenario.id, kind, message, schedule, steps, preemptions, minimal };
    const file = resolve(FOLDER, `${scenario.id.replace(" ", "-")}.json`);
    writeFileSync(file, `${JSON.stringify(text, null, 2)}\n`);
    console.log(
      `${scenario.id}: ${search.strategy}, ${steps} steps, ${preemptions} preemptions, minimal ${minimal}: ${message}`,
    );
    break;
  }
}
