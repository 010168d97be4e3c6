/** First come, first served: M/M/1, M/M/c, M/D/1, M/G/1, and request by request. */
import { describe, expect, test } from "vitest";
import { parseLaw } from "../../src/bench/stats/laws.ts";
import {
  expectMean,
  expectQuantile,
  type Outcome,
  recur,
  type Study,
  serveInOrder,
  UNIT_NS,
} from "./fixture.ts";
import { erlangC, md1WaitQuantile, mg1MeanWait, mmcMeanSojourn, mmcSojournQuantile } from "./theory.ts";

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
    [7, 0.95, "lognormal:100us,3"],
    [2, 0.7, "bimodal:90,50us,10,550us"],
  ])("%i CPUs at load %f, %s", (vcpus, load, law) => {
    serveInOrder({ vcpus, load, law, requests: 4000, warmUp: 0 });
  });
});

type Waits = Pick<Outcome, "sojourn" | "waiting">;

/**
 * Judges a third of the requests on a machine, then many of the recursion that it agreed with: `narrower`, how much better they say
 * it than all requests on a machine would. Near saturation a few say nothing, as batches of them are not independent: there the
 * machine has to agree, and no more.
 */
function judge(
  study: Omit<Study, "discipline"> & { readonly load: number; readonly requests: number },
  verdict: (all: readonly Waits[], narrower: number) => void,
): void {
  const served = serveInOrder({ ...study, requests: Math.ceil(study.requests / FEW) });
  if (study.load < SATURATED) verdict(served, 1 / Math.sqrt(FEW));
  verdict(recur(study, (study.load < SATURATED ? MANY : MANY_SATURATED) * study.requests), 2);
}

const SATURATED = 0.9;

/** A machine takes microseconds a request: as many as show a difference between it and the recursion. */
const FEW = 3;

/** For intervals half as wide: four times as many if requests were independent, which they are the less the higher the load is. */
const MANY = 6;
const MANY_SATURATED = 12;

describe("M/M/1", () => {
  test.each([
    [0.5, 15_000, 0.1, 0.9],
    [0.8, 60_000, 0.25, 1.2],
    [0.9, 60_000, 0.5, 2],
  ])("at load %f: mean, median, 99th percentile of the sojourn", (load, requests, precision, tail) => {
    judge({ law: "exp:100us", load, requests }, (all, narrower) => {
      const sojourn = all.map((one) => one.sojourn);
      expectMean(sojourn, 1 / (1 - load), precision / narrower);
      expectQuantile(sojourn, 0.99, -Math.log(0.01) / (1 - load), tail / narrower);
      expectQuantile(sojourn, 0.5, Math.LN2 / (1 - load), precision / narrower);
    });
  });
});

describe("M/M/c", () => {
  test.each([
    [4, 0.8, 30_000, 0.3, 1.2],
    [16, 0.9, 40_000, 0.5, 1],
    [20, 0.95, 40_000, 0.8, 2],
  ])("%i CPUs at load %f: mean wait, median, 99th percentile", (vcpus, load, requests, precision, tail) => {
    judge({ law: "exp:100us", vcpus, load, requests }, (all, narrower) => {
      const waiting = all.map((one) => one.waiting);
      const sojourn = all.map((one) => one.sojourn);
      expectMean(waiting, mmcMeanSojourn(vcpus, load) - 1, precision / narrower);
      expectQuantile(sojourn, 0.5, mmcSojournQuantile(vcpus, load, 0.5), precision / narrower);
      expectQuantile(sojourn, 0.99, mmcSojournQuantile(vcpus, load, 0.99), tail / narrower);
    });
  });
});

describe("M/D/1", () => {
  test.each([
    [0.5, 15_000, 0.12, 0.8],
    [0.7, 20_000, 0.16, 1.2],
    [0.8, 30_000, 0.25, 1.2],
    [0.9, 20_000, 0.4, 0],
  ])("at load %f: mean and 99th percentile of the wait", (load, requests, precision, tail) => {
    judge({ law: "fixed:100us", load, requests }, (all, narrower) => {
      const waiting = all.map((one) => one.waiting);
      expectMean(waiting, load / (2 * (1 - load)), precision / narrower);
      // Crommelin's sum loses its digits beyond a load of .8.
      if (load <= 0.8) expectQuantile(waiting, 0.99, md1WaitQuantile(load, 0.99), tail / narrower);
    });
  });
});

describe("M/G/1, Pollaczek-Khinchine", () => {
  // In units of 100 us.
  test.each([
    ["bimodal:90,50us,10,550us", 30_000, 0.25],
    ["bimodal:99.5,50us,0.5,50ms", 40_000, 0.9],
    ["bimodal:99.5,400us,0.5,1s", 40_000, 0.9],
    ["lognormal:100us,2", 40_000, 0.6],
  ])("%s at load .7: mean wait", (law, requests, precision) => {
    const { meanNs, secondMoment } = parseLaw(law);
    const [mean, moment] = [meanNs / UNIT_NS, secondMoment / UNIT_NS ** 2];
    judge({ law, load: 0.7, requests, workers: 16_384 }, (all, narrower) => {
      const waiting = all.map((one) => one.waiting);
      expectMean(waiting, mg1MeanWait(0.7 / mean, mean, moment), precision / narrower);
    });
  });
});
