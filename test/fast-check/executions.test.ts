/** An arbitrary of executions: it finds, shrinks, prints and repeats. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Bare, bareProgram, replay } from "../../src/explore/index.ts";
import { type Execution, executions } from "../../src/fast-check/index.ts";

function counter(threads: number, atomic: boolean): (bare: Bare) => void {
  return (bare) => {
    const x = bare.word(0, "x");
    for (let t = 0; t < threads; t++) {
      bare.thread(function* () {
        if (atomic) yield* bare.add32(x, 1);
        else yield* bare.store32(x, (yield* bare.load32(x)) + 1);
      });
    }
    bare.atEnd(() => bare.check(bare.peek32(x) === threads, "an update was lost"));
  };
}

const parameters = { seed: 7, numRuns: 50 };

function failing(program: fc.Arbitrary<Execution>): fc.RunDetails<[Execution]> {
  return fc.check(
    fc.property(program, (execution) => execution.check()),
    parameters,
  );
}

describe("executions of a program", () => {
  test("pass when nothing goes wrong", () => {
    fc.assert(
      fc.property(executions(counter(3, true)), (execution) => {
        execution.check();
        expect(execution.steps).toBe(3);
      }),
      parameters,
    );
  });

  test("shrink to the fewest preemptions, and print as a schedule that can be replayed", () => {
    const { failed, counterexample } = failing(executions(counter(3, false)));
    expect(failed).toBe(true);
    const [execution] = counterexample!;
    expect([execution.preemptions, execution.steps]).toEqual([1, 6]);
    expect(fc.stringify(execution)).toBe(`schedule "${execution.schedule}"`);
    const told = replay(bareProgram(counter(3, false)), execution.schedule);
    expect(told.violation?.message).toBe("an update was lost");
    expect(() => execution.check()).toThrow(/^assertion: an update was lost\n\nstep {2}t0 +t1 +t2\n {3}0 /);
  });

  test("come again from seed and path", () => {
    const { seed, counterexamplePath, counterexample } = failing(executions(counter(2, false)));
    const again = fc.check(
      fc.property(executions(counter(2, false)), (execution) => execution.check()),
      { seed, path: counterexamplePath!, endOnFailure: true },
    );
    expect(again.counterexample![0].schedule).toBe(counterexample![0].schedule);
  });

  test("shrink together with their program", () => {
    const drawn = executions(fc.integer({ min: 2, max: 5 }).map((threads) => counter(threads, false)));
    const { counterexample } = failing(drawn);
    expect(counterexample![0].steps).toBe(4);
  });

  test("that do not end are no success", () => {
    const spins = (bare: Bare): void => {
      const x = bare.word();
      bare.thread(function* () {
        while (true) yield* bare.add32(x, 1);
      });
    };
    const [execution] = fc.sample(executions(spins, { maxSteps: 20 }), { seed: 1, numRuns: 1 });
    expect([execution!.ended, execution!.steps]).toEqual([false, 20]);
    expect(() => execution!.check()).toThrow(/^step-bound: the execution did not end within 20 steps/);
  });
});
