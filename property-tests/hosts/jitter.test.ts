/** The noise on step costs, for any seed and any price. */
import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { Jitter } from "../../src/hosts/virtual/jitter.ts";
import { STEP_IPI_DELIVER, STEP_NAMES, STEP_WAKE } from "../../src/kernel-sim/steps.ts";
import { exp } from "../../src/random/pinned-math.ts";

const seed = fc.maxSafeInteger();
const step = fc.nat(STEP_NAMES.length - 1);

describe("Jitter", () => {
  test.prop([seed, fc.array(fc.tuple(step, fc.nat(200_000)), { minLength: 1, maxLength: 50 })])(
    "repeats its stream, in whole ns within the bounds of the law",
    (start, draws) => {
      const one = new Jitter(start);
      const other = new Jitter(start);
      for (const [which, price] of draws) {
        const ns = one.sample(which, price);
        expect(other.sample(which, price)).toBe(ns);
        expect(Number.isInteger(ns)).toBe(true);
        expect(ns).toBeGreaterThanOrEqual(Math.floor(price / 6));
        expect(ns).toBeLessThanOrEqual(Math.ceil(price * 6));
      }
    },
  );

  test.prop([seed])("has the price as its median, from whatever seed", (start) => {
    const jitter = new Jitter(start);
    for (const which of [STEP_WAKE, STEP_IPI_DELIVER]) {
      const samples = Array.from({ length: 4_000 }, () => jitter.sample(which, 10_000)).sort((a, b) => a - b);
      expect(Math.abs(samples[2_000]! / 10_000 - 1)).toBeLessThan(0.05);
    }
  });

  test.prop([seed, seed])("tells seeds apart", (a, b) => {
    fc.pre(a !== b);
    const [one, other] = [new Jitter(a), new Jitter(b)];
    const draw = (jitter: Jitter): string =>
      Array.from({ length: 8 }, () => jitter.sample(STEP_WAKE, 1e9)).join();
    expect(draw(one)).not.toBe(draw(other));
  });
});

describe("exp", () => {
  test.prop([fc.double({ min: -2, max: 2, noNaN: true })])("is e^x", (x) => {
    expect(Math.abs(exp(x) / Math.exp(x) - 1)).toBeLessThan(1e-14);
  });
});
