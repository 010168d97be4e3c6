/** An arbitrary of programs: what it draws, and that programs and schedules shrink together as far as they go. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { EINTR } from "../../src/atomics/errno.ts";
import { ExploreError, explore, replay } from "../../src/explore/index.ts";
import {
  DrawnProgram,
  type Execution,
  executions,
  type ProgramConstraints,
  program,
  schedule,
} from "../../src/fast-check/index.ts";

const LOCKS: ProgramConstraints = {
  operations: ["lock", "lock", "unlock", "add32"],
  maxThreads: 4,
  maxOperations: 5,
};

function failing(
  constraints: ProgramConstraints,
  seed: number,
  fails: (execution: Execution) => void = (execution) => execution.check(),
): fc.RunDetails<[Execution]> {
  return fc.check(fc.property(executions(program(constraints)), fails), { seed, numRuns: 2_000 });
}

describe("programs", () => {
  test("are drawn within their constraints", () => {
    const constraints = {
      minThreads: 2,
      maxThreads: 5,
      maxOperations: 3,
      words: 4,
      mutexes: 3,
      maxFaults: 2,
    };
    const drawn = fc.sample(program({ ...constraints, operations: ["store32", "lock", "timedWait"] }), {
      seed: 1,
      numRuns: 200,
    });
    for (const { threads, text } of drawn) {
      expect(threads.length).toBeGreaterThanOrEqual(2);
      expect(threads.length).toBeLessThanOrEqual(5);
      expect(text.faults).toBeLessThanOrEqual(2);
      for (const operations of threads) {
        expect(operations.length).toBeGreaterThanOrEqual(1);
        expect(operations.length).toBeLessThanOrEqual(3);
        for (const { kind, object } of operations) expect(object).toBeLessThan(kind === "lock" ? 3 : 4);
      }
    }
    for (const count of [2, 3, 4, 5])
      expect(drawn.some(({ threads }) => threads.length === count)).toBe(true);
  });

  test("print as what their threads do, those with nothing to do left out", () => {
    const drawn = new DrawnProgram({
      threads: [
        [
          { kind: "load32", object: 0, value: 2 },
          { kind: "cmpxchg32", object: 1, value: 1 },
        ],
        [],
        [
          { kind: "lock", object: 1, value: 0 },
          { kind: "timedWait", object: 0, value: 1 },
          { kind: "pause", object: 0, value: 1 },
        ],
      ],
      words: 2,
      mutexes: 2,
      faults: 1,
      wakeOrder: "fifo",
    });
    expect(String(drawn)).toBe(
      "t0 { load32(w0); cmpxchg32(w1, 1, 2) } | t2 { lock(m1); timedWait(w0, 1); pause() } with 1 fault",
    );
  });

  test("tell their answers and words at the end", () => {
    const ends = new Set<string>();
    const drawn = new DrawnProgram({
      threads: [
        [
          { kind: "store32", object: 0, value: 1 },
          { kind: "load32", object: 1, value: 0 },
        ],
        [
          { kind: "store32", object: 1, value: 1 },
          { kind: "load32", object: 0, value: 0 },
        ],
      ],
      words: 2,
      mutexes: 1,
      faults: 0,
      wakeOrder: "fifo",
      check: ({ words, answers }) => {
        ends.add(`${words} ${answers.map((all) => all[1])}`);
      },
    });
    expect(explore(drawn)).toMatchObject({ executions: 3, complete: true, violations: [] });
    expect([...ends].sort()).toEqual(["1,1 0,1", "1,1 1,0", "1,1 1,1"]);
  });

  test("lock nothing twice, unlock nothing that they do not hold, and leave nothing locked", () => {
    fc.assert(
      fc.property(
        executions(program({ operations: ["lock", "tryLock", "unlock"], mutexes: 1 })),
        (execution) => execution.check(),
      ),
      { seed: 3 },
    );
  });

  test.each<[ProgramConstraints, string]>([
    [{ minThreads: 0 }, "minThreads must be an integer from 1 to 1000, got 0"],
    [{ minThreads: 4 }, "maxThreads must be an integer from 4 to 1000, got 3"],
    [{ maxFaults: 0.5 }, "maxFaults must be an integer from 0 to 1000, got 0.5"],
    [{ operations: [] }, "operations must be some of load32, "],
    [{ operations: ["jump" as "load32"] }, ", pause, got jump"],
  ])("%o are refused", (constraints, message) => {
    expect(() => program(constraints)).toThrow(ExploreError);
    expect(() => program(constraints)).toThrow(message);
  });
});

describe("programs and schedules shrink together", () => {
  test.each([1, 2, 3, 4, 5])("to two threads with two locks each, seed %d", (seed) => {
    const { counterexample } = failing(LOCKS, seed);
    const [execution] = counterexample!;
    expect(String(execution)).toMatch(
      /^t\d \{ lock\(m(\d)\); lock\(m(\d)\) \} \| t\d \{ lock\(m\2\); lock\(m\1\) \} under schedule "/,
    );
    expect([execution.violation?.kind, execution.preemptions, execution.steps]).toEqual(["deadlock", 1, 2]);
  });

  test.each([1, 2, 3])("to a race of two accesses, seed %d", (seed) => {
    const { counterexample } = failing(
      { operations: ["plainLoad32", "plainStore32", "lock", "unlock"] },
      seed,
    );
    const [execution] = counterexample!;
    expect(String(execution)).toMatch(/^t\d \{ plain\w+\(w0.*\) \} \| t\d \{ plain\w+\(w0.*\) \} under /);
    expect([execution.violation?.kind, execution.preemptions, execution.steps]).toEqual(["data-race", 0, 2]);
  });

  test("and with their faults: one interruption of one wait", () => {
    const check: ProgramConstraints["check"] = ({ answers }) => {
      if (answers.flat().includes(-EINTR)) throw new Error("interrupted");
    };
    const { counterexample } = failing(
      {
        operations: ["timedWait", "wait", "notify", "store32", "pause"],
        maxFaults: 3,
        minThreads: 1,
        wakeOrder: "any",
        check,
      },
      1,
      ({ violation }) => {
        if (violation?.kind === "assertion") throw new Error(violation.message);
      },
    );
    expect(String(counterexample![0])).toMatch(
      /^t\d \{ wait\(w0, 0\) \} with 1 fault under schedule "\d \d+"$/,
    );
  });

  test("to a fixpoint: nothing that it would try from there fails", () => {
    const arbitrary = executions(program(LOCKS));
    const { counterexample, counterexamplePath, seed } = fc.check(
      fc.property(arbitrary, (execution) => execution.check()),
      { seed: 11, numRuns: 2_000 },
    );
    const again = fc.check(
      fc.property(arbitrary, (execution) => execution.check()),
      { seed, path: counterexamplePath! },
    );
    expect(again.numShrinks).toBe(0);
    expect(String(again.counterexample![0])).toBe(String(counterexample![0]));
  });

  test("and come again from seed and path, program and schedule alike", () => {
    for (const seed of [21, 22, 23]) {
      const first = failing(LOCKS, seed);
      const again = fc.check(
        fc.property(executions(program(LOCKS)), (execution) => execution.check()),
        { seed: first.seed, path: first.counterexamplePath!, endOnFailure: true },
      );
      expect(again.numRuns).toBe(1);
      expect(String(again.counterexample![0])).toBe(String(first.counterexample![0]));
    }
  });
});

test("schedules of one program run another along them", () => {
  const [drawn] = fc.sample(program({ operations: ["add32"], minThreads: 2, maxThreads: 2 }), {
    seed: 5,
    numRuns: 1,
  });
  fc.assert(
    fc.property(schedule(drawn!), (text) => {
      expect(replay(drawn!, text).violation).toBeUndefined();
    }),
    { seed: 1, numRuns: 20 },
  );
});
