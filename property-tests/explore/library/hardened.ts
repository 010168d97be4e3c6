/**
 * UMCG of the `hardened` profile, on the simulated kernel, held to its invariants: the programs that show the documented flaws on
 * `posted` (test/hosts/explore/flaws) and must be right here. Their space is too large: all schedules with one delay are made,
 * and of some the first so many with two.
 */
import { configOf, SCENARIOS, type Scenario } from "../../../test/hosts/explore/flaws/index.ts";
import { kernel, type Subject } from "./subject.ts";

const MAX_STEPS = 1_500;
/** With two delays: executions in all. */
const DEEPER: Readonly<Record<string, number>> = { F32: 800, F39: 300, F2: 500 };

function delays(scenario: Scenario, maxExecutions?: number): Subject {
  const { id, what, setup } = scenario;
  const search = { strategy: "delays", maxSteps: MAX_STEPS } as const;
  const options =
    maxExecutions === undefined ? { ...search, maxBound: 1 } : { ...search, maxBound: 2, maxExecutions };
  const name = `umcg ${id}: ${what}${maxExecutions === undefined ? "" : ", two delays"}`;
  return kernel(name, setup, configOf(scenario, "hardened"), options);
}

export const HARDENED: readonly Subject[] = SCENARIOS.flatMap((scenario) => {
  const deeper = DEEPER[scenario.id];
  return deeper === undefined ? [delays(scenario)] : [delays(scenario), delays(scenario, deeper)];
});
