/**
 * The preemptions that are reported of a counterexample are the fewest with which a violation of the kind can be shown: as many as
 * iterative bounding from 0 comes to, and proven so; of random programs that go wrong, awaits written as loops among them, and of the
 * builtin programs that do.
 */
import { test } from "@fast-check/vitest";
import fc from "fast-check";
import { describe, expect } from "vitest";
import { systemOf } from "../../bench/programs/define.ts";
import { PROGRAMS } from "../../bench/programs/registry.ts";
import {
  BareSystem,
  type Explorable,
  Exploration,
  makeStrategy,
  PRUNED,
  RESTARTED,
  replay,
  type StrategyName,
  TOO_LONG,
  type ViolationKind,
} from "../../src/explore/index.ts";
import type { Learning } from "../../src/explore/strategies/learning.ts";
import {
  asProgram,
  FUTEX,
  LOCKS,
  type Operation,
  type RandomProgram,
  randomProgram,
  SPINS,
} from "./random-programs.ts";

const RUNS = process.env["FC_RUNS"] === undefined ? { numRuns: 12 } : {};
const MAX_STEPS = 300;
/** Schedules of the search for the fewest, beyond which a program is left alone. */
const LIMIT = 2_000;

/** Undefined: nothing of the kind was found within the limit. */
function fewest(explorable: Explorable, kind: ViolationKind, maxSteps: number): number | undefined {
  const system = explorable.makeSystem();
  const search = makeStrategy(system, { strategy: "preemptions", seed: 1, maxSteps }) as Learning;
  for (let made = 0; made < LIMIT; made++) {
    const ended = search.execute();
    const { bound } = search.save(false);
    if (ended !== RESTARTED && ended !== TOO_LONG && ended !== PRUNED) system.finish();
    if (ended !== RESTARTED && system.violations[0]?.kind === kind) return bound;
    if (!search.advance()) return undefined;
  }
  return undefined;
}

function reportsFewest(
  explorable: Explorable,
  strategy: StrategyName,
  { maxSteps = MAX_STEPS, spins = false } = {},
): void {
  const exploration = new Exploration(explorable, { strategy, maxSteps, maxExecutions: LIMIT, seed: 1 });
  exploration.advance(() => false);
  const [found] = exploration.result().violations;
  if (found === undefined || found.kind === "step-bound") return;
  const least = fewest(explorable, found.kind, maxSteps);
  if (least === undefined) return;
  expect(found).toMatchObject({ preemptions: least, minimal: true });
  const { preemptions, violation } = replay(explorable, found.schedule, { bestEffort: true, maxSteps });
  expect(violation).toMatchObject({ kind: found.kind });
  // A replay knows of no spins: to leave a thread that would is a preemption there.
  expect(preemptions).toBeGreaterThanOrEqual(least);
  if (!spins) expect(preemptions).toBe(least);
}

const strategies = fc.constantFrom<StrategyName>("optimal", "random", "pct");

function isRight(kinds: readonly Operation[0][], spins: boolean): void {
  const programs = randomProgram(kinds, { maxLines: 4 });
  test.prop([programs, fc.nat(3), strategies], RUNS)(
    `of random programs${spins ? " with loops" : ""}: ${[...new Set(kinds)].join(", ")}`,
    (program: RandomProgram, forbidden, strategy) => {
      const makeSystem = (): BareSystem =>
        new BareSystem(asProgram(program, spins, forbidden), { bytes: 128 });
      reportsFewest({ makeSystem }, strategy, { spins });
    },
  );
}

/** That are shown wrong within seconds, and the fewest preemptions of which that is done. */
const WRONG = [
  ["account", {}],
  ["bakery", { wrong: 1 }],
  ["bluetooth_driver", {}],
  ["carter01", {}],
  ["chase_lev", { wrong: 1, stealers: 2, pushes: 2, pops: 1 }],
  ["circular_buffer", {}],
  ["deadlock01", {}],
  ["lazy01", {}],
  ["mutex_deadlock", {}],
  ["peterson", { wrong: 1 }],
  ["phase01", {}],
  ["philosophers", {}],
  ["reorder", {}],
  ["stack", {}],
  ["szymanski", { symmetric: 1 }],
  ["token_ring", {}],
  ["treiber_aba", {}],
  ["twostage", {}],
  ["wronglock", {}],
] as const;

describe("no fewer preemptions would do than are reported", () => {
  isRight(FUTEX, false);
  isRight(LOCKS, false);
  isRight(SPINS, true);

  test.each(WRONG)("of %s", (name, parameters) => {
    const makeSystem = (): BareSystem => systemOf(PROGRAMS.get(name)!, parameters);
    reportsFewest({ makeSystem }, "optimal", { maxSteps: 10_000 });
  });
});
