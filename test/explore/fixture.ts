/** Runs a strategy to its end and counts what it saw. */
import {
  type BareOptions,
  BareSystem,
  COMPLETE,
  DepthFirst,
  PRUNED,
  type Program,
  SLEEP_BLOCKED,
  type Strategy,
  type System,
} from "../../src/explore/index.ts";

export interface Counts {
  readonly complete: number;
  readonly blocked: number;
  readonly pruned: number;
  /** Different classes, and different final states. */
  readonly classes: number;
  readonly states: number;
  /** Messages of violations, each once, sorted. */
  readonly violations: readonly string[];
}

export function countAll(strategy: Strategy, system: System): Counts {
  const ends = new Map<number, number>();
  const classes = new Set<number>();
  const states = new Set<number>();
  const violations = new Set<string>();
  do {
    const end = strategy.execute();
    ends.set(end, (ends.get(end) ?? 0) + 1);
    if (end !== COMPLETE) continue;
    classes.add(strategy.signature);
    states.add(system.stateHash());
    system.finish();
    for (const { message } of system.violations) violations.add(message);
  } while (strategy.advance());
  return {
    complete: ends.get(COMPLETE) ?? 0,
    blocked: ends.get(SLEEP_BLOCKED) ?? 0,
    pruned: ends.get(PRUNED) ?? 0,
    classes: classes.size,
    states: states.size,
    violations: [...violations].sort(),
  };
}

export function depthFirst(program: Program, sleepSets: boolean, options?: BareOptions): Counts {
  const system = new BareSystem(program, options);
  return countAll(new DepthFirst(system, { sleepSets, maxSteps: 1000 }), system);
}
