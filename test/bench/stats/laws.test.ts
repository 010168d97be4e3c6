// Laws of random durations: what they draw, and every way to write one wrongly.
import { describe, expect, test } from "vitest";
import { drawGap, parseLaw } from "../../../src/bench/stats/laws.ts";
import { formatDuration, parseDuration, parseRate } from "../../../src/bench/stats/quantities.ts";
import { SpecError } from "../../../src/bench/stats/spec-error.ts";
import { Sfc32 } from "../../../src/random/sfc32.ts";

function tokenOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (!(error instanceof SpecError)) throw error;
    expect(error.code).toBe("ERR_SPEC");
    expect(error.message).toContain(`"${error.token}" is not `);
    return error.token;
  }
  throw new Error("nothing was thrown");
}

describe("a law", () => {
  test.each([
    ["fixed:10us", 10_000, 1e8],
    ["exp:10us", 10_000, 2e8],
    ["bimodal:99.5,4us,0.5,10ms", 0.995 * 4000 + 0.005 * 1e7, 0.995 * 4000 ** 2 + 0.005 * 1e14],
    ["bimodal:90,500ns,10,5.5us", 1000, 0.9 * 500 ** 2 + 0.1 * 5500 ** 2],
    ["lognormal:10us,2", 10_000, 5e8],
  ])("%s draws whole ns with its mean and second moment", (text, meanNs, secondMoment) => {
    const law = parseLaw(text);
    expect(law.text).toBe(text);
    expect(law.meanNs).toBeCloseTo(meanNs, 6);
    expect(law.secondMoment / secondMoment).toBeCloseTo(1, 10);
    const stream = new Sfc32(3);
    const n = 100_000;
    const draws = Array.from({ length: n }, () => law.draw(stream));
    expect(draws.every((ns) => Number.isInteger(ns) && ns >= 1)).toBe(true);
    const mean = draws.reduce((sum, ns) => sum + ns, 0) / n;
    const deviation = Math.sqrt(law.secondMoment - law.meanNs ** 2);
    expect(Math.abs(mean - meanNs)).toBeLessThanOrEqual((4 * deviation) / Math.sqrt(n));
    if (law.valuesNs.length > 0) expect(new Set(draws)).toEqual(new Set(law.valuesNs));
  });

  test("the mean of squares of an exponential and of a lognormal is that of the law", () => {
    for (const [text, slack] of [
      ["exp:50us", 0.03],
      ["lognormal:50us,1", 0.1],
    ] as const) {
      const law = parseLaw(text);
      const stream = new Sfc32(8);
      let squares = 0;
      for (let i = 0; i < 200_000; i++) squares += law.draw(stream) ** 2 / 200_000;
      expect(Math.abs(squares / law.secondMoment - 1)).toBeLessThan(slack);
    }
  });

  test("gaps are exponential or all the same, and not rounded", () => {
    const stream = new Sfc32(1);
    let sum = 0;
    for (let i = 0; i < 100_000; i++) sum += drawGap("poisson", 3333.25, stream);
    expect(Math.abs(sum / 100_000 / 3333.25 - 1)).toBeLessThan(4 / Math.sqrt(100_000));
    expect(drawGap("deterministic", 3333.25, stream)).toBe(3333.25);
  });

  test.each([
    ["gamma:3us", "gamma"],
    ["", ""],
    ["exp", "exp"],
    ["exp:", ""],
    ["exp:10", "10"],
    ["exp:10us,3", "exp:10us,3"],
    ["exp:0us", "0us"],
    ["exp:-3us", "-3us"],
    ["exp:3 us", "3 us"],
    ["exp:3parsecs", "3parsecs"],
    ["fixed:1e3us", "1e3us"],
    ["bimodal:99.5,4us,0.5", "bimodal:99.5,4us,0.5"],
    ["bimodal:99.5,4us,0.6,10ms", "bimodal:99.5,4us,0.6,10ms"],
    ["bimodal:100,4us,0,10ms", "100"],
    ["bimodal:x,4us,1,10ms", "x"],
    ["bimodal:99,4,1,10ms", "4"],
    ["lognormal:10us", "lognormal:10us"],
    ["lognormal:10us,0", "0"],
    ["lognormal:10us,nan", "nan"],
    ["lognormal:10us,9999", "9999"],
  ])("%j is refused, naming %j", (text, token) => {
    expect(tokenOf(() => parseLaw(text))).toBe(token);
  });
});

describe("quantities", () => {
  test.each([
    ["500ns", 500],
    ["4us", 4000],
    [".5us", 500],
    ["1.5ms", 1_500_000],
    ["10s", 1e10],
  ])("%s is %i ns", (text, ns) => {
    expect(parseDuration(text)).toBe(ns);
    expect(parseDuration(formatDuration(ns))).toBe(ns);
  });

  test.each([
    ["2500", 2500],
    ["300rps", 300],
    ["300krps", 300_000],
    ["1.2Mrps", 1_200_000],
  ])("%s is %i a second", (text, rate) => {
    expect(parseRate(text)).toBe(rate);
  });

  test.each(["", "0", "-1", "1e3", "3kk", "9".repeat(400), "Infinity"])("%j is no rate", (text) => {
    expect(tokenOf(() => parseRate(text))).toBe(text);
  });
});
