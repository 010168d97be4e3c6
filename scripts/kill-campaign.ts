/**
 * A thousand threads killed at random moments: `npm run kills`. KILLS, SEED, THREADS, CPUS and POLICY change it; the seed of
 * each part of a hundred is printed, and SEED with KILLS=100 begins with that part.
 */
import { killCampaign } from "../test/support/threads/kill-campaign.ts";

const PART = 100;
const number = (name: string, otherwise: number): number => Number(process.env[name] ?? otherwise);

const kills = number("KILLS", 1000);
const first = number("SEED", 1);
const threads = number("THREADS", 12);
const cpus = number("CPUS", 2);
for (let done = 0; done < kills; done += PART) {
  const seed = first + done / PART;
  const policy =
    process.env["POLICY"] === "per-cpu" || (seed % 2 === 0 && !process.env["POLICY"]) ? "per-cpu" : "fifo";
  const began = performance.now();
  const result = await killCampaign({ seed, kills: Math.min(PART, kills - done), threads, cpus, policy });
  const seconds = Number(((performance.now() - began) / 1000).toFixed(1));
  console.log(JSON.stringify({ seed, policy, ...result, seconds }));
}
