/**
 * Attacks on the hardened profile: random programs of servers and workers that write what they like to each other's records and
 * lists, at any time, between kills, signals, timeouts and pages that come and go, beside others who keep the contract.
 *
 *     FC_RUNS=20000 npm test -- --project property property-tests/umcg/attack
 */
import fc from "fast-check";
import { describe, it } from "vitest";
import { attack } from "./attack/acts.ts";
import { World } from "./attack/world.ts";

const RUNS = Number(process.env["FC_RUNS"] ?? 60);

describe("the hardened profile under attack", () => {
  it(
    "breaks the breakers only, never hangs, and every task can be reaped",
    () =>
      fc.assert(
        fc.property(attack, (drawn) => new World(drawn).run()),
        { numRuns: RUNS },
      ),
    RUNS > 60 ? 0 : 60_000,
  );
});
