// Streams of random numbers and the functions on them: pinned to the bit, and close to the truth.
import { describe, expect, test } from "vitest";
import { exp, ln, normal } from "../../src/random/pinned-math.ts";
import { Sfc32 } from "../../src/random/sfc32.ts";

describe("a stream", () => {
  test("is determined by seed and number", () => {
    const draws = (seed: number, stream?: number): number[] => {
      const random = new Sfc32(seed, stream);
      return Array.from({ length: 4 }, () => random.next());
    };
    expect(draws(1)).toEqual(draws(1, 0));
    const all = [draws(1), draws(2), draws(1, 1), draws(1, 2), draws(2 ** 32 + 1), draws(-1)];
    expect(new Set(all.map(String)).size).toBe(all.length);
  });

  test("is pinned: every engine gives these", () => {
    const random = new Sfc32(7, 3);
    expect([random.next(), random.nextOpen(), ln(random.nextOpen()), normal(random)]).toEqual(PINNED);
  });

  test("is uniform, in (0, 1] when open", () => {
    const random = new Sfc32(11);
    const counts = new Array<number>(10).fill(0);
    let sum = 0;
    for (let i = 0; i < 100_000; i++) {
      const u = i % 2 === 0 ? random.next() : random.nextOpen();
      expect(u >= 0 && u <= 1).toBe(true);
      counts[Math.min(9, Math.floor(10 * u))]!++;
      sum += u;
    }
    // Chi-square with 9 degrees of freedom: 27.9 at 99.9 %.
    expect(counts.reduce((chi, n) => chi + (n - 10_000) ** 2 / 10_000, 0)).toBeLessThan(27.9);
    expect(Math.abs(sum / 100_000 - 0.5)).toBeLessThan(0.003);
  });
});

/** Written down from Node 24; Node 22 and 26 must agree. */
const PINNED: readonly number[] = [
  0.16593233961611986, 0.05366649303115578, -0.4204500872733378, 0.547982731282249,
];

describe("pinned mathematics", () => {
  test("exp is e^x", () => {
    let worst = 0;
    for (let x = -2; x <= 2; x += 1 / 1024) worst = Math.max(worst, Math.abs(exp(x) / Math.exp(x) - 1));
    expect(worst).toBeLessThan(1e-14);
    for (let x = -50; x <= 50; x += 1 / 8) worst = Math.max(worst, Math.abs(exp(x) / Math.exp(x) - 1));
    expect(worst).toBeLessThan(4e-14);
    expect(exp(0)).toBe(1);
    expect(exp(1)).toBeCloseTo(Math.E, 15);
  });

  test("ln is the natural logarithm", () => {
    let worst = 0;
    for (let x = 2 ** -53; x < 1e300; x *= 1.0173) {
      worst = Math.max(worst, Math.abs(ln(x) - Math.log(x)) / Math.max(1, Math.abs(Math.log(x))));
    }
    expect(worst).toBeLessThan(1e-15);
    expect([ln(1), ln(2), ln(0.5)]).toEqual([0, Math.LN2, -Math.LN2]);
  });

  test("normal has mean 0, variance 1 and normal tails", () => {
    const random = new Sfc32(5);
    let [sum, squares, far] = [0, 0, 0];
    const n = 200_000;
    for (let i = 0; i < n; i++) {
      const z = normal(random);
      sum += z;
      squares += z * z;
      if (Math.abs(z) > 2.5758) far++;
    }
    // Four standard deviations each.
    expect(Math.abs(sum / n)).toBeLessThan(4 / Math.sqrt(n));
    expect(Math.abs(squares / n - 1)).toBeLessThan(4 * Math.sqrt(2 / n));
    expect(Math.abs(far / n - 0.01)).toBeLessThan(4 * Math.sqrt(0.0099 / n));
  });
});
