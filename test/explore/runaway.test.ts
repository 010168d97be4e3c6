/** A program that computes for ever between two steps is reported as such, with its line and the schedule: never a hang. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Bare,
  bareProgram,
  type Explorable,
  explore,
  type Finding,
  kernelProgram,
  type Program,
  parted,
  RunawayError,
  replay,
  Shard,
} from "../../src/explore/index.ts";
import { tell } from "../../src/explore/told.ts";
import { executions } from "../../src/fast-check/index.ts";

const stepTimeoutMs = 100;

/** Of the call of it in a program: lines of loops are told apart by it. */
function forEver(): void {
  for (;;);
}
const LINE = 24;

/** b computes for ever if it reads what a has stored. */
function twoThreads(behind: () => void, steps = 0): Program {
  return (bare) => {
    const x = bare.word(0, "x");
    bare.thread(function* () {
      for (let i = 0; i < steps; i++) yield* bare.load32(x);
      yield* bare.store32(x, 1);
    }, "a");
    bare.thread(function* () {
      if ((yield* bare.load32(x)) === 1) behind();
    }, "b");
  };
}

const inBody = twoThreads(forEver);

function only(program: Program | Explorable, options = {}): Finding {
  const { violations, stopped, complete } = explore(program, { stepTimeoutMs, ...options });
  expect([violations.length, stopped, complete]).toEqual([1, "violation", false]);
  return violations[0]!;
}

describe("bare mode", () => {
  test("in a body: the step it does not come back from, the line, the schedule", () => {
    const found = only(inBody, { stopAtFirst: false });
    expect(found).toMatchObject({
      kind: "runaway",
      schedule: "0 1",
      steps: 2,
      preemptions: 0,
      minimal: false,
    });
    expect(found.message).toMatch(
      /^nothing came for [\d.]+ s behind step 1, "load x" of b: the program computes at .*runaway\.test\.ts:24$/,
    );
    expect(LINE).toBe(24);
    expect(found.atFault).toEqual([expect.stringMatching(/^step 1, b at .*runaway\.test\.ts:37:\d+$/)]);
    const again = replay(bareProgram(inBody), found.schedule, { stepTimeoutMs });
    expect(again.steps.map(({ name, what }) => `${name}: ${what}`)).toEqual(["a: store x, 1", "b: load x"]);
    // On a slow machine with more patience, which it says.
    const withoutTime = (text?: string): string | undefined => text?.replace(/[\d.]+ s/, "");
    expect(again.violation?.kind).toBe("runaway");
    expect(withoutTime(again.violation?.message)).toBe(withoutTime(found.message));
    const told = tell(bareProgram(inBody), found.schedule, { stepTimeoutMs });
    expect(told.steps.map(({ what }) => what)).toEqual(["store x, 1", "load x"]);
    expect(told.violation).toMatchObject({ kind: "runaway" });
  });

  test("while it lays itself out", () => {
    let thrown: unknown;
    try {
      explore(forEver, { stepTimeoutMs });
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(RunawayError);
    expect((thrown as RunawayError).message).toMatch(
      /^the set-up of the program has not ended within [\d.]+ s at .*runaway\.test\.ts:24$/,
    );
  });

  test("before its first step", () => {
    const found = only((bare: Bare) => {
      bare.thread(function* () {
        forEver();
        yield* bare.pause();
      });
    });
    expect(found).toMatchObject({ schedule: "", steps: 0 });
    expect(found.message).toMatch(/^nothing came for [\d.]+ s before the first step: .*:24$/);
  });

  test("in a check at the end, and in a predicate that is awaited", () => {
    const check = only((bare: Bare) => {
      bare.thread(function* () {
        yield* bare.pause();
      });
      bare.atEnd(forEver);
    });
    expect(check.message).toMatch(/ in a check at the end: the program computes at .*:24$/);
    const predicate = only((bare: Bare) => {
      const x = bare.word(0, "x");
      bare.thread(function* () {
        yield* bare.store32(x, 1);
      }, "a");
      bare.thread(function* () {
        yield* bare.until(x, (value) => {
          if (value === 1) forEver();
          return false;
        });
      }, "b");
    });
    expect(predicate.message).toMatch(/ behind step 0, "store x, 1" of a: .*:24$/);
  });

  test("where only a reversal comes, outside of any execution", () => {
    // The second compare-exchange is asked for its footprint where the first has not been made.
    const found = only((bare: Bare) => {
      const [x, y] = [bare.word(0, "x"), bare.word(0, "y")];
      bare.thread(function* () {
        yield* bare.cmpxchg32(x, 0, 1);
      }, "a");
      bare.thread(function* () {
        if ((yield* bare.load32(y)) === 0 && (yield* bare.load32(x)) === 0) forEver();
        yield* bare.cmpxchg32(x, 0, 2);
      }, "b");
    });
    expect(found.message).toMatch(/"load x" of b: /);
  });

  test("what is only slow is none", () => {
    let slow = 0;
    const program = twoThreads(() => {
      // Longer than the limit, once: the second time it is believed.
      const end = performance.now() + (slow++ === 0 ? 2 * stepTimeoutMs : 0);
      while (performance.now() < end);
    });
    const { complete, executions, violations } = explore(program, { stepTimeoutMs });
    expect([complete, executions, violations]).toEqual([true, 2, []]);
    expect(slow).toBeGreaterThan(1);
  });

  test("met while a counterexample is made small, it leaves that as it is", () => {
    let made = 0;
    const program: Program = (bare) => {
      const x = bare.word(0, "x");
      bare.onReset(() => {
        made++;
      });
      for (const name of ["a", "b"])
        bare.thread(function* () {
          const seen = yield* bare.load32(x);
          // Found and looked at twice more, and then tried to be made smaller.
          if (made > 40) forEver();
          yield* bare.store32(x, seen + 1);
        }, name);
      bare.atEnd(() => bare.check(bare.peek32(x) === 2, "an update was lost"));
    };
    const { violations } = explore(program, { stepTimeoutMs, strategy: "random", seed: 4 });
    expect(violations).toMatchObject([{ kind: "assertion" }]);
  });
});

test("a sampler finds it, too", () => {
  const found = only(twoThreads(forEver, 3), { strategy: "random", seed: 2 });
  expect(found).toMatchObject({ kind: "runaway" });
  expect(found.schedule).toMatch(/1$/);
});

test("in parts, the one that the serial search meets first is found", () => {
  const options = { stepTimeoutMs, stopAtFirst: false };
  const exploration = parted(bareProgram(inBody), options);
  expect(exploration.advance(() => false)).toBe(true);
  expect(exploration.result().violations).toMatchObject([
    { kind: "runaway", schedule: "0 1", preemptions: 0 },
  ]);
  expect(exploration.result().stopped).toBe("violation");
});

test("fast-check draws it", () => {
  const arbitrary = executions(twoThreads(forEver, 2), { stepTimeoutMs });
  const details = fc.check(
    fc.property(arbitrary, (execution) => execution.check()),
    { seed: 1, numRuns: 20, endOnFailure: true },
  );
  expect(details.failed).toBe(true);
  expect(String((details.errorInstance as Error).message)).toMatch(/^runaway: nothing came .*"load x" of b/);
});

describe("kernel mode", () => {
  test("in a task, in what it delegates to", () => {
    const found = only(
      kernelProgram((machine) => {
        const word = machine.allocate(4);
        machine.spawn(function* (env) {
          yield* env.memory.store32(word, 1);
        });
        machine.spawn(function* (env) {
          if ((yield* env.memory.load32(word)) === 1) forEver();
        });
      }),
    );
    expect(found.kind).toBe("runaway");
    expect(found.message).toMatch(
      /^nothing came for [\d.]+ s behind step \d, "task-2: load 0x\w+" of cpu1: .*:24$/,
    );
  });

  test("in the set-up, and in a check at the end", () => {
    const setUp = only(kernelProgram(forEver));
    expect(setUp.message).toMatch(/^nothing came for [\d.]+ s before the first step: .*:24$/);
    const check = only(kernelProgram((machine) => machine.atEnd(forEver)));
    expect(check.message).toMatch(/ in a check at the end: .*:24$/);
  });
});

test("what the top of shards comes upon is left to the shard whose unit it is, which does not call itself complete", () => {
  const shard = new Shard(bareProgram(inBody), { stepTimeoutMs, stopAtFirst: false }, 0, 1);
  expect(shard.advance(() => false)).toBe(true);
  const { complete, trunk, results } = shard.save();
  expect([complete, trunk.findings]).toEqual([false, []]);
  expect(results[0]![1].found).toMatchObject([{ kind: "runaway", schedule: "0 1" }]);
});
