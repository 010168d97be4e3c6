/** Processor sharing and round robin: insensitivity to the law of the service, and convergence. */
import { describe, expect, test } from "vitest";
import { expectMean, SEEDS, type Study, simulate, UNIT_NS } from "./fixture.ts";
import { processorSharing, serve } from "./reference.ts";
import { mg1MeanWait, mmcMeanSojourn } from "./theory.ts";

const outcomes = (study: Study): ReturnType<typeof simulate>[] => SEEDS.map((seed) => simulate(study, seed));

describe("processor sharing", () => {
  test.each([
    ["exp:100us", 0.7, 5000, 0.2],
    ["fixed:100us", 0.7, 4000, 0.2],
    ["bimodal:90,50us,10,550us", 0.7, 8000, 0.35],
    ["lognormal:100us,2", 0.5, 8000, 0.25],
  ])("under %s at load %f takes E[S] / (1 - r) on average", (law, load, requests, precision) => {
    const all = outcomes({ discipline: "ps:8us", law, load, requests });
    expectMean(
      all.map(({ sojourn }) => sojourn),
      1 / (1 - load),
      precision,
    );
  });

  test("serves short requests as if the long ones were not so long: x / (1 - r)", () => {
    const study = { law: "bimodal:90,50us,10,550us", load: 0.7, requests: 7000 };
    const all = outcomes({ ...study, discipline: "ps:5us" });
    for (const [ns, precision] of [
      [50_000, 0.3],
      [550_000, 0.3],
    ] as const) {
      const own = all.map(({ sojourn, services }) =>
        sojourn.filter((_, request) => services[request] === ns),
      );
      expectMean(own, ns / UNIT_NS / 0.3, precision);
    }
    // First come, first served they would wait as long as the others.
    const wait = mg1MeanWait(0.7, 1, 0.9 * 0.5 ** 2 + 0.1 * 5.5 ** 2);
    expect(wait).toBeCloseTo(3.792, 2);
    const served = outcomes({ ...study, discipline: "fcfs" });
    const short = served.map(({ sojourn, services }) =>
      sojourn.filter((_, request) => services[request] === 50_000),
    );
    expectMean(short, 0.5 + wait, 0.3);
  });

  test("saves short requests from very long ones: 1.667 where first come, first served is 487", () => {
    const study = { law: "bimodal:99.5,50us,0.5,50ms", load: 0.7, requests: 20_000, workers: 16_384 };
    const all = outcomes({ ...study, discipline: "ps:25us" });
    const short = all.map(({ sojourn, services }) =>
      sojourn.filter((_, request) => services[request] === 50_000),
    );
    expectMean(short, 0.5 / 0.3, 0.7);
  });

  test("on four CPUs has the mean of first come, first served, for exponential services", () => {
    const study = { law: "exp:100us", load: 0.8, vcpus: 4, requests: 7000 };
    const theory = mmcMeanSojourn(4, 0.8);
    expect(theory).toBeCloseTo(1.74554, 4);
    for (const discipline of ["ps:20us", "fcfs"]) {
      const all = outcomes({ ...study, discipline }).map(({ sojourn }) => sojourn);
      expectMean(all, theory, 0.2);
    }
  });
});

describe("round robin", () => {
  test("comes the closer to processor sharing, request by request, the smaller its quantum is", () => {
    for (const seed of SEEDS) {
      for (const vcpus of [1, 3]) {
        const study = { law: "exp:100us", load: 0.7, vcpus, requests: 800, warmUp: 0 };
        const distances = ["rr:1ms", "rr:100us", "rr:10us", "rr:1us"].map((discipline) => {
          const { arrivals, services, departures } = simulate({ ...study, discipline }, seed);
          const wanted = serve(arrivals, services, processorSharing(vcpus));
          const off = departures.reduce((sum, left, request) => sum + Math.abs(left - wanted[request]!), 0);
          return off / departures.length / UNIT_NS;
        });
        expect(distances).toEqual(distances.toSorted((a, b) => b - a));
        // Half a quantum a neighbour.
        expect(distances[3]!).toBeLessThan(0.02);
        expect(distances[0]!).toBeGreaterThan(0.2);
      }
    }
  });

  test("with a quantum longer than any service is first come, first served", () => {
    const study = { law: "exp:100us", load: 0.8, requests: 3000 };
    const patient = simulate({ ...study, discipline: "rr:1s" }, 1);
    expect(patient.departures).toEqual(simulate({ ...study, discipline: "fcfs" }, 1).departures);
  });
});
