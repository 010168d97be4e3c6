/** Shortest remaining processing time: Schrage and Miller's integral, and request by request. */
import { describe, expect, test } from "vitest";
import { expectMean, SEEDS, simulate, UNIT_NS } from "./fixture.ts";
import { serve, srpt } from "./reference.ts";
import { mm1SrptMeanSojourn } from "./theory.ts";

describe("SRPT", () => {
  test("the integral gives the published values", () => {
    expect([0.5, 0.8, 0.9].map((r) => Number(mm1SrptMeanSojourn(r).toFixed(3)))).toEqual([
      1.425, 2.353, 3.552,
    ]);
  });

  test.each([
    [0.5, 10_000, 0.07],
    [0.8, 20_000, 0.12],
    [0.9, 20_000, 0.3],
  ])("M/M/1 at load %f: mean sojourn", (load, requests, precision) => {
    const study = { discipline: "srpt", law: "exp:100us", load, requests };
    const all = SEEDS.map((seed) => simulate(study, seed).sojourn);
    expectMean(all, mm1SrptMeanSojourn(load), precision);
  });

  test.each([
    [1, 0.9, "exp:100us"],
    [3, 0.8, "lognormal:100us,2"],
  ])("%i CPUs at load %f, %s: request by request, as without a machine", (vcpus, load, law) => {
    for (const seed of SEEDS) {
      const study = { discipline: "srpt", law, load, vcpus, requests: 3000, warmUp: 0 };
      const { arrivals, services, departures } = simulate(study, seed);
      const wanted = serve(arrivals, services, srpt(vcpus));
      expect(departures).toEqual(wanted);
    }
  });

  test("is the best there is on one CPU, first come, first served is not", () => {
    for (const seed of SEEDS) {
      const study = { law: "exp:100us", load: 0.8, requests: 10_000 };
      const [best, ...others] = ["srpt", "ps:25us", "fcfs"].map((discipline) => {
        const { sojourn } = simulate({ ...study, discipline }, seed);
        return sojourn.reduce((sum, ns) => sum + ns, 0) / sojourn.length / UNIT_NS;
      });
      for (const other of others) expect(best!).toBeLessThan(0.8 * other);
    }
  });
});
