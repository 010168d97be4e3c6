/**
 * An exploration in parts is the exploration: however often it is interrupted, saved and taken up again, and whoever explores its
 * units in whatever order and however far, counts, violations and schedules are those of the serial search.
 */
import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import {
  type Assignment,
  bareProgram,
  checkOptions,
  type Explorable,
  Exploration,
  type ExploreOptions,
  type ExploreResult,
  kernelProgram,
  type PartedExploration,
  parted,
  runJob,
  type Saved,
  type StrategyName,
  UnitRunner,
} from "../../src/explore/index.ts";
import { asKernelProgram, configOf, KINDS, randomKernelProgram } from "./random-kernel-programs.ts";
import { ALL_KINDS, asProgram, LOCKS, type RandomProgram, randomProgram, WORDS } from "./random-programs.ts";

const SEARCHES: readonly StrategyName[] = [
  "optimal",
  "source",
  "sleep-sets",
  "naive",
  "preemptions",
  "delays",
];
/** Executions until a program is called too large. */
const LIMIT = 1_500;
/** Of kernel mode. */
const KERNEL_LIMIT = 300;

/** With an assertion that some executions break: which ones depends on the program. */
function explorable(program: RandomProgram, spins = false): Explorable {
  const base = asProgram(program, spins);
  return bareProgram(
    (bare) => {
      base(bare);
      bare.atEnd(() => {
        const value = bare.words.reduce((sum, word) => sum + word, 0);
        if (value > 2) throw new Error(`word is ${value}`);
      });
    },
    { bytes: 128, wakeOrder: program.any ? "any" : "fifo", faults: program.faults ? 1 : 0 },
  );
}

function serial(program: Explorable, options: ExploreOptions): ExploreResult | undefined {
  const exploration = new Exploration(program, { ...options, maxExecutions: options.maxExecutions ?? LIMIT });
  exploration.advance(() => false);
  const result = exploration.result();
  return result.stopped === "max-executions" && options.maxExecutions === undefined ? undefined : result;
}

const strategy = fc.constantFrom(...SEARCHES);
const options = fc.record({
  // A guard costs more than what most of these explore.
  stepTimeoutMs: fc.constant(0),
  strategy,
  stopAtFirst: fc.boolean(),
  maxSteps: fc.constantFrom(300, 7),
  maxBound: fc.constantFrom(Number.POSITIVE_INFINITY, 1),
  shrink: fc.constant(false),
});
const program = fc.oneof(
  randomProgram(WORDS),
  randomProgram(LOCKS),
  randomProgram(ALL_KINDS, { spawns: true }),
);

describe("interrupted anywhere and taken up again", () => {
  test.prop([program, options, fc.infiniteStream(fc.nat(30))])(
    "ends as if it had not been",
    (random, chosen, stops) => {
      const subject = explorable(random);
      const whole = serial(subject, chosen);
      if (whole === undefined) return;
      expect(interrupted(subject, chosen, () => stops.next().value as number)).toEqual(whole);
    },
  );
});

/** Explores for as many executions as `draw` says, is interrupted and taken up again, to the end. */
function interrupted(subject: Explorable, chosen: ExploreOptions, draw: () => number): ExploreResult {
  const first = new Exploration(subject, chosen);
  let left = draw();
  const stop = (): boolean => --left < 0;
  let ended = first.advance(stop);
  let result = first.result();
  let saved = JSON.parse(JSON.stringify(first.save())) as Saved;
  while (!ended) {
    const next: PartedExploration = parted(subject, chosen, saved);
    left = draw();
    ended = next.advance(stop);
    result = next.result();
    saved = JSON.parse(JSON.stringify(next.save())) as Saved;
  }
  return result;
}

/** Explores with `hands` who take units and bring results when `draw` says so. */
function byMany(
  subject: Explorable,
  chosen: ExploreOptions,
  hands: number,
  draw: () => number,
): ExploreResult {
  const exploration = parted(subject, chosen);
  const runners = Array.from({ length: hands }, () => new UnitRunner(subject, checkOptions(chosen)));
  const out: { task: Assignment; runner: UnitRunner; lessons: readonly string[] }[] = [];
  let idle = [...runners];
  for (let made = 0; !exploration.ended; made++) {
    if (made > 100_000) throw new Error("no end");
    if (out.length === 0 && draw() % 4 === 0) exploration.gather();
    const task = idle.length > 0 ? exploration.next(draw() % 2 === 0) : undefined;
    if (task !== undefined) {
      out.push({ task, runner: idle.pop()!, lessons: [...exploration.lessons] });
      continue;
    }
    const [done] = out.splice(draw() % out.length, 1);
    idle = [...idle, done!.runner];
    let left = draw() % 20;
    done!.runner.learn(done!.lessons);
    exploration.deliver(
      done!.task,
      runJob(done!.runner, done!.task.job, () => --left < 0),
    );
  }
  return exploration.result();
}

describe("explored by several, in any order", () => {
  test.prop([program, options, fc.integer({ min: 1, max: 4 }), fc.infiniteStream(fc.nat(1000))])(
    "has the result of the serial search",
    (random, chosen, hands, draws) => {
      const subject = explorable(random);
      const whole = serial(subject, chosen);
      if (whole === undefined) return;
      expect(byMany(subject, chosen, hands, () => draws.next().value as number)).toEqual(whole);
    },
  );

  test.prop([program, strategy, fc.integer({ min: 1, max: 60 }), fc.infiniteStream(fc.nat(1000))])(
    "stops after as many executions",
    (random, name, maxExecutions, draws) => {
      const subject = explorable(random);
      const chosen = { strategy: name, stopAtFirst: false, shrink: false, stepTimeoutMs: 0, maxExecutions };
      const whole = serial(subject, chosen)!;
      expect(byMany(subject, chosen, 3, () => draws.next().value as number)).toEqual(whole);
    },
  );
});

describe("with what comes from outside, in parts", () => {
  const strategies = fc.constantFrom<StrategyName>("optimal", "source", "sleep-sets");
  const numRuns = process.env["FC_RUNS"] === undefined ? { numRuns: 3 } : {};

  test.prop(
    [randomKernelProgram(KINDS, { maxCalls: 1, noisy: true }), strategies, fc.infiniteStream(fc.nat(1000))],
    numRuns,
  )("the result is that of the serial search", (random, name, draws) => {
    const subject = kernelProgram(asKernelProgram(random, { byTask: [] }), {
      ...configOf(random),
      check: false,
    });
    const chosen = { strategy: name, stopAtFirst: false, shrink: false, stepTimeoutMs: 0 };
    const draw = (): number => draws.next().value as number;
    const search = new Exploration(subject, chosen);
    if (!search.advance(() => search.attempts > KERNEL_LIMIT)) return;
    const whole = search.result();
    expect(interrupted(subject, chosen, () => draw() % 100)).toEqual(whole);
    expect(byMany(subject, chosen, 1 + (draw() % 3), draw)).toEqual(whole);
  });
});
