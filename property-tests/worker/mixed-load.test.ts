/**
 * The mixed load: 16 vCPUs and up to 10 000 workers that block, time out, lock, talk, start and join each other, are preempted,
 * cancelled and killed, and end in every way there is, on a machine, policy and number of servers that the seed draws.
 *
 *     npm run campaign                               1 000 seeds of 10 000 workers, from seed 1 on
 *     FC_SEED=501 FC_RUNS=500 npm run campaign       the second half, for another process
 *     LOAD_WORKERS=100 LOAD_ACTS=8 FC_RUNS=20000 npm run campaign   many small ones
 *
 * What must hold: every worker that was spawned ends once, in a way that somebody asked for; each join is answered once,
 * with what happened; no lock loses an increment, no channel a message; no worker is ready twice or picked twice; none waits
 * beside an idle server (I29); nobody waits for ever; at the end nothing is left. A failure is made smaller and prints the
 * command that replays it.
 */
import { describe, expect, it } from "vitest";
import type { Shape } from "./mixed-load/plan.ts";
import { runLoad } from "./mixed-load/run.ts";
import { shrink } from "./mixed-load/shrink.ts";

function setting(name: string): number | undefined {
  const text = process.env[name];
  return text === undefined || text === "" ? undefined : Number(text);
}

/** For the least share of a CPU, and for the shrinking of what fails; a campaign takes as long as it takes. */
const TIMEOUT_MS = process.env["FC_RUNS"] === undefined ? 120_000 : 0;

const runs = setting("FC_RUNS");
const workers = setting("LOAD_WORKERS") ?? 32;
const acts = setting("LOAD_ACTS") ?? 5;
// As for every property: one seed by default, and a new one for each campaign without one of its own.
const from = setting("FC_SEED") ?? (runs === undefined ? 1 : Math.floor(Math.random() * 2 ** 31));
const shape = process.env["LOAD_SHAPE"];

function errorOf(load: Shape): unknown {
  try {
    runLoad(load);
    return undefined;
  } catch (error) {
    return error;
  }
}

/** Runs a load; if it fails, says how to see that again with as little as possible. */
function hold(load: Shape): void {
  const first = errorOf(load);
  if (first === undefined) return;
  const least = shrink(load, (smaller) => errorOf(smaller) !== undefined);
  const cause = errorOf(least);
  const file = "property-tests/worker/mixed-load.test.ts";
  throw new Error(
    `seed ${load.seed}, ${load.workers} workers: ${String(first)}\nmade smaller: ${String(cause)}\n\nReplay with:\n  ` +
      `LOAD_SHAPE='${JSON.stringify(least)}' npm test -- --project property ${file}\n`,
    { cause },
  );
}

/** The replay of a failure, and nothing else. */
function replays(given: string): void {
  it("runs as it did", () => {
    expect(runLoad(JSON.parse(given)).workers).toBeGreaterThan(0);
  });
}

describe("mixed loads", () => {
  if (shape !== undefined) return replays(shape);

  it(
    `of ${workers} workers each`,
    () => {
      for (let seed = from; seed < from + (runs ?? 30); seed++) hold({ seed, workers, acts, without: [] });
    },
    TIMEOUT_MS,
  );

  it.each(runs === undefined ? [50] : [])(
    "of 10 000 workers, seed %i",
    (seed) => {
      hold({ seed, workers: 10_000, acts: 1, without: [] });
    },
    TIMEOUT_MS,
  );

  it("are made smaller, if they fail, as far as they fail", () => {
    const fails = ({ only = [], acts: most, without }: Shape): boolean =>
      only.includes(3) && only.includes(41) && most >= 2 && !without.includes("kill");
    const least = shrink({ seed: 1, workers: 60, acts: 6, without: [] }, fails);
    expect([least.only, least.acts]).toEqual([[3, 41], 2]);
    expect(least.without).toContain("policy");
  });
});
