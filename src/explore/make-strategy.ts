/** The strategies by the names that users call them by. */
import type { System } from "../interleaving/system.ts";
import { DepthFirst } from "./strategies/depth-first.ts";
import { Optimal } from "./strategies/optimal.ts";
import { RandomWalk } from "./strategies/random-walk.ts";
import { Source } from "./strategies/source.ts";
import type { Strategy } from "./strategy.ts";

export interface StrategyOptions {
  readonly seed: number;
  readonly maxSteps: number;
}

export interface StrategyEntry {
  readonly summary: string;
  /** It has no end of its own. */
  readonly samples: boolean;
  readonly make: (system: System, options: StrategyOptions) => Strategy;
}

export type StrategyName = "optimal" | "source" | "sleep-sets" | "naive" | "random";

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
  random: {
    summary: "a random walk: samples for as long as it is let",
    samples: true,
    make: (system, { seed, maxSteps }) => new RandomWalk(system, seed, maxSteps),
  },
};

export function makeStrategy(
  system: System,
  options: StrategyOptions & { readonly strategy: StrategyName },
): Strategy {
  return STRATEGIES[options.strategy].make(system, options);
}
