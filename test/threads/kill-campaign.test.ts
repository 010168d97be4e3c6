/** Threads killed at random under a mixed load: fifty here, a thousand by `npm run kills`. */
import { expect, test } from "vitest";
import { killCampaign } from "../support/threads/kill-campaign.ts";

const KILLS = 25;
/** Of the dead, so many are followed by a Worker that is started while the others run, in the slot of a dead one. */
const COLD = 5;
const THREADS = 6;

test.each([
  { seed: 1, policy: "fifo" },
  { seed: 2, policy: "per-cpu" },
] as const)("nothing is lost but the victims: $policy, seed $seed", async (campaign) => {
  const { killed, survivors, acts, recoveries } = await killCampaign({
    ...campaign,
    kills: KILLS,
    threads: THREADS,
    cpus: 2,
    warm: THREADS + KILLS - COLD,
  });
  expect(killed).toBe(KILLS);
  expect(survivors).toBeGreaterThan(0);
  expect(acts).toBeGreaterThan(0);
  expect(recoveries).toBeGreaterThanOrEqual(KILLS);
});
