/**
 * Every documented flaw is found anew on `posted`, without hints, and on `hardened` the same search finds nothing.
 *
 * By delays: complete up to as many as there were executions for. FC_RUNS raises those, and the random executions beside them.
 */
import { describe, expect, it } from "vitest";
import { ExploredMachine } from "../../src/machine/explored-machine.ts";
import { searchByDelays } from "../../test/hosts/explore/delays.ts";
import { randomRun } from "../../test/hosts/explore/drive.ts";
import { configOf, SCENARIOS } from "../../test/hosts/explore/flaws/index.ts";

const campaign = process.env["FC_RUNS"] !== undefined;
const EXECUTIONS = campaign ? 30_000 : 250;
const RANDOM_RUNS = Number(process.env["FC_RUNS"] ?? 0);

/** Need more than one delay, or are found at random only. */
const DEEP = ["F1", "F2", "F3", "F12", "F39"];

describe.each(SCENARIOS)("$id: $what", (scenario) => {
  const { id, setup } = scenario;

  it.runIf(campaign || !DEEP.includes(id))("is found on posted", () => {
    const machine = new ExploredMachine(configOf(scenario, "posted"));
    const searched = searchByDelays(machine, setup, { delays: 3, executions: EXECUTIONS });
    let failure = searched.found?.outcome.failure;
    for (let seed = 0; failure === undefined && seed < RANDOM_RUNS; seed++)
      failure = randomRun(machine, setup, seed).failure;
    expect(failure).toBeDefined();
  });

  it.runIf(campaign)("is not found on hardened", () => {
    const machine = new ExploredMachine(configOf(scenario, "hardened"));
    const searched = searchByDelays(machine, setup, { delays: 3, executions: EXECUTIONS });
    expect(searched.found).toBeUndefined();
    for (let seed = 0; seed < RANDOM_RUNS; seed++)
      expect({ seed, failure: randomRun(machine, setup, seed).failure }).toEqual({
        seed,
        failure: undefined,
      });
  });
});
