/** First come, first served: M/M/1, M/M/c, M/D/1, M/G/1, and request by request. */
import { describe, expect, test } from "vitest";
import { expectMean, expectQuantile, SEEDS, type Study, simulate, UNIT_NS } from "./fixture.ts";
import { fcfs } from "./reference.ts";
import { erlangC, md1WaitQuantile, mg1MeanWait, mmcMeanSojourn, mmcSojournQuantile } from "./theory.ts";

const BASIS = { discipline: "fcfs", law: "exp:100us" } as const;

describe("the formulas give the published values", () => {
  test("Erlang's C and the quantiles of M/M/c", () => {
    expect(erlangC(4, 0.8)).toBeCloseTo(0.59643, 5);
    expect(erlangC(16, 0.9)).toBeCloseTo(0.59134, 5);
    expect(erlangC(20, 0.95)).toBeCloseTo(0.7554, 5);
    expect(mmcSojournQuantile(4, 0.8, 0.5)).toBeCloseTo(1.3462, 4);
    expect(mmcSojournQuantile(4, 0.8, 0.99)).toBeCloseTo(6.8932, 4);
    expect(mmcSojournQuantile(16, 0.9, 0.99)).toBeCloseTo(5.2698, 4);
    expect(mmcSojournQuantile(20, 0.95, 0.99)).toBeCloseTo(6.3643, 4);
    expect(mmcSojournQuantile(1, 0.9, 0.99)).toBeCloseTo(46.0517, 4);
  });

  test("M/D/1 and Pollaczek-Khinchine", () => {
    expect([0.5, 0.7, 0.8].map((r) => Number(md1WaitQuantile(r, 0.99).toFixed(4)))).toEqual([
      3.3363, 6.4855, 10.3559,
    ]);
    const bimodal = 0.995 * 0.5 ** 2 + 0.005 * 500 ** 2;
    expect(mg1MeanWait(0.7 / 2.9975, 2.9975, bimodal)).toBeCloseTo(486.6, 1);
  });
});

describe("request by request, as without a machine", () => {
  test.each([
    [1, 0.9, "exp:100us"],
    [4, 0.8, "exp:100us"],
    [7, 0.95, "lognormal:100us,3"],
    [2, 0.7, "bimodal:90,50us,10,550us"],
  ])("%i CPUs at load %f, %s", (vcpus, load, law) => {
    for (const seed of SEEDS) {
      const study = { ...BASIS, vcpus, load, law, requests: 4000, warmUp: 0 };
      const { arrivals, services, departures } = simulate(study, seed);
      const wanted = fcfs(arrivals, services, vcpus);
      // Two that come in the same ns may be swapped; no more than that.
      expect(departures.toSorted()).toEqual(wanted.toSorted());
      expect(departures.filter((left, request) => left !== wanted[request]).length).toBeLessThanOrEqual(4);
    }
  });
});

const outcomes = (study: Study): ReturnType<typeof simulate>[] => SEEDS.map((seed) => simulate(study, seed));

describe("M/M/1", () => {
  test.each([
    [0.5, 40_000, 0.05, 0.5],
    [0.8, 80_000, 0.15, 0.7],
    [0.9, 220_000, 0.25, 1],
  ])("at load %f: mean, median, 99th percentile of the sojourn", (load, requests, precision, tail) => {
    const all = outcomes({ ...BASIS, load, requests }).map(({ sojourn }) => sojourn);
    expectMean(all, 1 / (1 - load), precision);
    expectQuantile(all, 0.99, -Math.log(0.01) / (1 - load), tail);
    expectQuantile(all, 0.5, Math.LN2 / (1 - load), precision);
  });
});

describe("M/M/c", () => {
  test.each([
    [4, 0.8, 100_000, 0.15, 0.6],
    [16, 0.9, 150_000, 0.25, 0.5],
    [20, 0.95, 250_000, 0.35, 1],
  ])("%i CPUs at load %f: mean wait, median, 99th percentile", (vcpus, load, requests, precision, tail) => {
    const all = outcomes({ ...BASIS, vcpus, load, requests });
    const waiting = all.map((one) => one.waiting);
    const sojourn = all.map((one) => one.sojourn);
    expectMean(waiting, mmcMeanSojourn(vcpus, load) - 1, precision);
    expectQuantile(sojourn, 0.5, mmcSojournQuantile(vcpus, load, 0.5), precision);
    expectQuantile(sojourn, 0.99, mmcSojournQuantile(vcpus, load, 0.99), tail);
  });
});

describe("M/D/1", () => {
  test.each([
    [0.5, 40_000, 0.06, 0.4],
    [0.7, 60_000, 0.08, 0.6],
    [0.8, 80_000, 0.15, 0.7],
    [0.9, 100_000, 0.25, 0],
  ])("at load %f: mean and 99th percentile of the wait", (load, requests, precision, tail) => {
    const all = outcomes({ ...BASIS, law: "fixed:100us", load, requests }).map(({ waiting }) => waiting);
    expectMean(all, load / (2 * (1 - load)), precision);
    // Crommelin's sum loses its digits beyond a load of .8.
    if (load <= 0.8) expectQuantile(all, 0.99, md1WaitQuantile(load, 0.99), tail);
  });
});

describe("M/G/1, Pollaczek-Khinchine", () => {
  // In units of 100 us.
  test.each([
    ["bimodal:90,50us,10,550us", 80_000, 0.12],
    ["bimodal:99.5,50us,0.5,50ms", 100_000, 0.5],
    ["bimodal:99.5,400us,0.5,1s", 100_000, 0.5],
    ["lognormal:100us,2", 100_000, 0.3],
  ])("%s at load .7: mean wait", (law, requests, precision) => {
    const all = outcomes({ ...BASIS, law, load: 0.7, requests, workers: 16_384 });
    const { meanNs, secondMoment } = all[0]!.run.options.service;
    const [mean, moment] = [meanNs / UNIT_NS, secondMoment / UNIT_NS ** 2];
    expectMean(
      all.map(({ waiting }) => waiting),
      mg1MeanWait(0.7 / mean, mean, moment),
      precision,
    );
  });
});
