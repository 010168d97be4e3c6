// Runs that may compute for ever: ended, and looked at where.
import { expect, test } from "vitest";
import { PolicyRun } from "../../src/bench/policies/policy-run.ts";
import { POLICY_WORKLOADS } from "../../src/bench/policies/policy-workloads.ts";
import { GuardedPart } from "../../src/cli/guarded-part.ts";
import type { Part } from "../../src/cli/sequence.ts";
import { NULL, type PolicyFactory } from "../../src/index.ts";

const PATIENCE_MS = 250;

/** Counts to 10, asking before each whether to stop; `at`: what happens at a count. */
function counting(at: (count: number) => void): () => Part<number> {
  return () => {
    let count = 0;
    return {
      get progress() {
        return count / 10;
      },
      advance(stop) {
        while (count < 10 && !stop()) at(++count);
        return count === 10;
      },
      result: () => count,
    };
  };
}

/** In stretches of `asks` looks at the clock. */
function finish(part: GuardedPart<number>, asks = 3): number {
  for (let stretch = 0; stretch < 20; stretch++) {
    let left = asks;
    if (part.advance(() => left-- === 0)) return part.result();
  }
  throw new Error("it makes no progress");
}

test("what ends is not disturbed", () => {
  const part = new GuardedPart(
    "a count",
    counting(() => undefined),
    PATIENCE_MS,
  );
  expect(part.progress).toBe(0);
  expect(finish(part)).toBe(10);
  expect(part.progress).toBe(1);
});

test.each([4])("what computes for ever behind %i steps is ended, and its line told", (forever) => {
  const part = new GuardedPart(
    "a count",
    counting((count) => {
      let spins = 0;
      while (count === forever) spins++;
      return spins;
    }),
    PATIENCE_MS,
  );
  expect(() => finish(part)).toThrow(
    expect.objectContaining({
      code: "ERR_RUNAWAY",
      message: expect.stringMatching(
        /^a count has not ended within [\d.]+ s at \S*guarded-part.test.ts:\d+$/,
      ),
    }),
  );
});

test("where only this machine was slow it goes on", () => {
  let slow = true;
  const waits = (count: number): void => {
    const end = performance.now() + 200;
    if (count !== 5 || !slow) return;
    slow = false;
    while (performance.now() < end);
  };
  expect(finish(new GuardedPart("a count", counting(waits), 50))).toBe(10);
});

test("a policy that does not come back is named with its line", () => {
  let picks = 0;
  const spins: PolicyFactory = () => ({
    name: "spins",
    *enqueue() {},
    *pick() {
      while (++picks > 3) picks--;
      return NULL;
    },
    *hasWork() {
      return true;
    },
  });
  const begin = (): PolicyRun => {
    picks = 0;
    const [workload] = POLICY_WORKLOADS;
    const contender = { name: "spins", policy: spins };
    const [durationNs, preemptNs] = [1e6, 0];
    return new PolicyRun({
      workload: workload!,
      contender,
      vcpus: 2,
      durationNs,
      preemptNs,
      seed: 1,
      profile: "native",
    });
  };
  const part = new GuardedPart("a stretch of it", begin, PATIENCE_MS);
  expect(() => part.advance(() => false)).toThrow(
    /^a stretch of it has not ended .* at \S*guarded-part.test.ts:\d+$/,
  );
});
