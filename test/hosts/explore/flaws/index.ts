/** All scenarios, in the order of docs/umcg.md. */
import type { ExploredConfig } from "../../../../src/machine/explored-machine.ts";
import type { UmcgProfile } from "../../../../src/umcg/umcg.ts";
import { DETECTION } from "./detection.ts";
import { LIFE } from "./life.ts";
import { LISTS } from "./lists.ts";
import type { Scenario } from "./scenario.ts";
import { WAITS } from "./waits.ts";

export type { Scenario } from "./scenario.ts";

export const SCENARIOS: readonly Scenario[] = [...LISTS, ...WAITS, ...DETECTION, ...LIFE];

export function configOf(scenario: Scenario, umcg: UmcgProfile): ExploredConfig {
  return { userBytes: 8192, ...scenario.config, umcg };
}
