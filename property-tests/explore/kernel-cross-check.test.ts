/**
 * Kernel mode: naive enumeration, sleep sets, source-DPOR and optimal DPOR come to the same classes and outcomes of random programs,
 * and whatever a random walk comes to is among them. Neighbouring steps that have nothing in common are exchanged.
 */
import { test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import {
  COMPLETE,
  DepthFirst,
  type KernelOptions,
  KernelSystem,
  Optimal,
  SLEEP_BLOCKED,
  Source,
  type Strategy,
  type System,
} from "../../src/explore/index.ts";
import { Path } from "../../src/explore/path.ts";
import { Sfc32 } from "../../src/random/sfc32.ts";
import { Exchanges } from "../../test/support/commute.ts";
import {
  type Answers,
  asKernelProgram,
  type Call,
  configOf,
  KINDS,
  MORE_KINDS,
  outcomeOf,
  type RandomKernelProgram,
  randomKernelProgram,
  SPIN_KINDS,
} from "./random-kernel-programs.ts";

const campaign = process.env["FC_RUNS"] !== undefined;
const RUNS = campaign ? {} : { numRuns: 5 };
const NAIVE_LIMIT = campaign ? 20_000 : 400;
const LIMIT = campaign ? 4_000 : 400;
const WALKS = 100;
const MAX_STEPS = 300;

interface Seen {
  executions: number;
  blocked: number;
  readonly classes: Set<number>;
  readonly outcomes: Set<string>;
}

type SubjectOptions = Pick<KernelOptions, "spinsWait" | "check">;

class Subject {
  readonly answers: Answers = { byTask: [] };
  readonly system: KernelSystem;

  /** `options`: `check` is whether the invariants end executions that break them. */
  constructor(program: RandomKernelProgram, options: SubjectOptions = {}) {
    this.system = new KernelSystem(asKernelProgram(program, this.answers), {
      ...configOf(program),
      ...options,
    });
  }

  outcome(): string {
    this.system.finish();
    const wrong = this.system.violations.map(({ kind, message }) => `${kind} ${message}`);
    return outcomeOf(this.system.machine, this.answers, wrong);
  }

  /** Everything a search comes to; undefined: that is too much. */
  see(make: (system: System) => Strategy, limit: number): Seen | undefined {
    const strategy = make(this.system);
    const seen: Seen = { executions: 0, blocked: 0, classes: new Set(), outcomes: new Set() };
    do {
      const ended = strategy.execute();
      if (ended === SLEEP_BLOCKED) seen.blocked++;
      else if (ended !== COMPLETE) return undefined;
      else {
        seen.executions++;
        seen.classes.add(strategy.signature);
        seen.outcomes.add(this.outcome());
      }
      if (seen.executions + seen.blocked > limit) return undefined;
    } while (strategy.advance());
    return seen;
  }

  /** Classes and outcomes of random executions. */
  walk(walks: number): Pick<Seen, "classes" | "outcomes"> {
    const { system } = this;
    const path = new Path(system, true);
    const seen = { classes: new Set<number>(), outcomes: new Set<string>() };
    for (let seed = 0; seed < walks; seed++) {
      const random = new Sfc32(seed);
      path.rewind(0);
      for (let count = system.enabledCount(); count > 0; count = system.enabledCount())
        path.step(system.enabled[Math.floor(random.next() * count)]!, 0, 0);
      seen.classes.add(path.trace.signature);
      seen.outcomes.add(this.outcome());
      path.trace.dropRaces();
    }
    return seen;
  }
}

const maxSteps = MAX_STEPS;

function crossCheck(program: RandomKernelProgram, options: SubjectOptions = {}): void {
  const optimal = new Subject(program, options).see((system) => new Optimal(system, maxSteps), LIMIT);
  if (optimal === undefined) return;
  expect(optimal).toMatchObject({ executions: optimal.classes.size });
  if (program.noise.every((times) => times === 0)) expect(optimal.blocked).toBe(0);
  const others = [
    (system: System) => new Source(system, maxSteps),
    (system: System) => new DepthFirst(system, { sleepSets: true, maxSteps }),
  ];
  for (const make of others) {
    const seen = new Subject(program, options).see(make, 20 * LIMIT);
    if (seen === undefined) continue;
    expect(seen.outcomes).toEqual(optimal.outcomes);
    expect(seen.classes).toEqual(optimal.classes);
    expect(seen.executions).toBe(seen.classes.size);
  }
  const naive = new Subject(program, options).see(
    (system) => new DepthFirst(system, { sleepSets: false, maxSteps }),
    NAIVE_LIMIT,
  );
  const walked = naive ?? new Subject(program, options).walk(WALKS);
  expect([...walked.outcomes].filter((outcome) => !optimal.outcomes.has(outcome))).toEqual([]);
  expect([...walked.classes].filter((signature) => !optimal.classes.has(signature))).toEqual([]);
  if (naive !== undefined) expect(naive.classes.size).toBe(optimal.classes.size);
  // What turns in vain lead to that a loop goes on after all, it leads to without them.
  if (options.spinsWait === true)
    expect([...spun(program)].filter((outcome) => !optimal.outcomes.has(outcome))).toEqual([]);
}

/** Outcomes of random executions that make every turn of a loop, as far as they end. */
function spun(program: RandomKernelProgram): ReadonlySet<string> {
  const subject = new Subject(program);
  const { system } = subject;
  const outcomes = new Set<string>();
  for (let seed = 0; seed < WALKS; seed++) {
    const random = new Sfc32(seed);
    system.reset();
    let steps = 0;
    for (
      let count = system.enabledCount();
      count > 0 && steps < MAX_STEPS;
      count = system.enabledCount(), steps++
    )
      system.step(system.enabled[Math.floor(random.next() * count)]!, 0);
    if (steps < MAX_STEPS && system.violations.length === 0 && system.machine.ended)
      outcomes.add(subject.outcome());
  }
  return outcomes;
}

describe("searches of kernel mode agree", () => {
  test.prop([randomKernelProgram(KINDS, { maxCalls: 2, noisy: false })], RUNS)("on calls", (program) =>
    crossCheck(program),
  );
  test.prop([randomKernelProgram(KINDS, { maxCalls: 1, noisy: true })], RUNS)(
    "on calls with preemptions, spurious wake-ups and signals",
    (program) => crossCheck(program),
  );
  // These break the rules of user space. The checker sees that in one order of independent steps and not in the other, and ends it there.
  test.prop([randomKernelProgram(MORE_KINDS, { maxCalls: 1, noisy: true })], RUNS)(
    "on servers that run workers, kicks and pipes",
    (program) => crossCheck(program, { check: false }),
  );
  test.prop([randomKernelProgram(SPIN_KINDS, { maxCalls: 2, noisy: false })], RUNS)(
    "on spin loops that wait",
    (program) => crossCheck(program, { spinsWait: true }),
  );
});

/** Each was a program of which a reduced search has missed classes. */
const MISSED: readonly (readonly [why: string, program: RandomKernelProgram])[] = [
  [
    "a CPU enters the kernel and a timer gives it another task: a tick can come between",
    { tasks: [task(2, ["timed", 0, 2]), task(1, ["store", 1, 0])], vcpus: 1, noise: [1, 2, 0] },
  ],
  [
    "one exits when a signal to the other and then one to it could have come",
    { tasks: [task(0, ["load", 0, 0]), task(2, ["yield", 0, 2])], vcpus: 2, noise: [1, 0, 2] },
  ],
  [
    "a signal looks at more CPUs where it is reversed to than where it came",
    {
      tasks: [task(1, ["wake", 0, 1]), task(2, ["wait", 1, 2]), task(2, ["wait", 0, 0])],
      vcpus: 2,
      noise: [2, 0, 1],
    },
  ],
];

function task(cpu: number, call: Call): RandomKernelProgram["tasks"][number] {
  return { calls: [call], cpu };
}

describe("searches of kernel mode agree where", () => {
  test.each(MISSED)("%s", (_why, program) => crossCheck(program));
});

describe("steps that have nothing in common commute", () => {
  test.prop([randomKernelProgram(KINDS, { maxCalls: 3, noisy: true })], RUNS)(
    "of random programs",
    (program) => {
      const exchanges = new Exchanges(new Subject(program).system);
      expect([...exchanges.walk(1, 3)]).toEqual([]);
    },
  );
});
