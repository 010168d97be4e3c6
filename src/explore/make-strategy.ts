/** The strategies by the names that users call them by. */
import type { System } from "../interleaving/system.ts";
import { Bounded } from "./strategies/bounded.ts";
import { DepthFirst } from "./strategies/depth-first.ts";
import { Learning } from "./strategies/learning.ts";
import { Optimal } from "./strategies/optimal.ts";
import { Pct } from "./strategies/pct.ts";
import { Portfolio } from "./strategies/portfolio.ts";
import { Pos } from "./strategies/pos.ts";
import { RandomWalk } from "./strategies/random-walk.ts";
import type { Numbered } from "./strategies/sampler.ts";
import { Source } from "./strategies/source.ts";
import { Surw } from "./strategies/surw.ts";
import { Urw } from "./strategies/urw.ts";
import type { Search, Strategy } from "./strategy.ts";

export interface StrategyOptions {
  readonly seed: number;
  readonly maxSteps: number;
  /** Of PCT: how many ordering constraints the bugs have that it is to find. Default 3. */
  readonly depth?: number;
  /** Of samplers but "random": steps after which an execution goes on round robin. Default: half of `maxSteps`. */
  readonly fairAfter?: number;
  /** Preemptions or delays at most. Default: as many as there can be. */
  readonly maxBound?: number;
  /** See ExploreOptions. Default 0. */
  readonly stepTimeoutMs?: number;
}

export type StrategyEntry = { readonly summary: string } & (
  | { readonly samples: false; readonly make: (system: System, options: StrategyOptions) => Search }
  /** It has no end of its own. */
  | {
      readonly samples: true;
      readonly make: (system: System, options: StrategyOptions) => Numbered | Portfolio;
    }
);

/** How executions are chosen: docs/explorer.md has them all. */
export type StrategyName =
  | "optimal"
  | "source"
  | "sleep-sets"
  | "naive"
  | "preemptions"
  | "delays"
  | "random"
  | "pct"
  | "pos"
  | "urw"
  | "surw"
  | "portfolio";

/** What a portfolio is made of: samplers of every temper, and one that sees what few preemptions can do. */
const PORTFOLIO: readonly StrategyName[] = ["surw", "pos", "pct", "urw", "random", "preemptions"];
const PCT_DEPTH = 3;

/** Every strategy by name, with a line about it. */
export const STRATEGIES: Readonly<Record<StrategyName, StrategyEntry>> = {
  optimal: {
    summary: "each class of executions once, none in vain (optimal DPOR)",
    samples: false,
    make: (system, { maxSteps }) => new Optimal(system, maxSteps),
  },
  source: {
    summary: "each class once, some given up on the way (source-DPOR)",
    samples: false,
    make: (system, { maxSteps }) => new Source(system, maxSteps),
  },
  "sleep-sets": {
    summary: "depth first, with sleep sets",
    samples: false,
    make: (system, { maxSteps }) => new DepthFirst(system, { sleepSets: true, maxSteps }),
  },
  naive: {
    summary: "every interleaving, depth first",
    samples: false,
    make: (system, { maxSteps }) => new DepthFirst(system, { sleepSets: false, maxSteps }),
  },
  preemptions: {
    summary: "every schedule without preemption, then with one, and so on",
    samples: false,
    make: (system, { maxSteps, maxBound = Infinity }) =>
      new Bounded(system, { by: "preemptions", maxSteps, maxBound }),
  },
  delays: {
    summary: "schedules without delay of a round robin, then with one, ...",
    samples: false,
    make: (system, { maxSteps, maxBound = Infinity }) =>
      new Bounded(system, { by: "delays", maxSteps, maxBound }),
  },
  random: {
    summary: "a random walk: samples for as long as it is let",
    samples: true,
    make: (system, { seed, maxSteps }) => new RandomWalk(system, seed, maxSteps),
  },
  pct: {
    summary: "random priorities, lowered at a few random steps (PCT)",
    samples: true,
    make: (system, options) => new Pct(system, options, options.depth ?? PCT_DEPTH),
  },
  pos: {
    summary: "a random priority for each step, drawn anew when raced (POS)",
    samples: true,
    make: (system, options) => new Pos(system, options),
  },
  urw: {
    summary: "a random walk that is uniform over interleavings",
    samples: true,
    make: (system, options) => new Urw(system, options),
  },
  surw: {
    summary: "uniform over interleavings of one object's steps at a time",
    samples: true,
    make: (system, options) => new Surw(system, options),
  },
  portfolio: {
    summary: "samplers and bounded search in turns",
    samples: true,
    make: (system, options) =>
      new Portfolio(PORTFOLIO.map((strategy) => makeStrategy(system, { ...options, strategy }))),
  },
};

/** Makes a strategy by name. Throws ExploreError for an option that it cannot have. */
export function makeStrategy(
  system: System,
  options: StrategyOptions & { readonly strategy: StrategyName },
): Strategy {
  const entry = STRATEGIES[options.strategy];
  return entry.samples
    ? entry.make(system, options)
    : new Learning(system, () => entry.make(system, options), options.stepTimeoutMs ?? 0);
}
