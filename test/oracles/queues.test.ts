/** One queue for all CPUs against a queue for each: how much load they bear before 1 % of requests take 10 times as long. */
import { expect, test } from "vitest";
import { expectQuantile, recur, SEEDS, serveInOrder, simulate } from "./fixture.ts";
import { mmcSojournQuantile } from "./theory.ts";

const CPUS = 16;
/** The greatest loads with a 99th percentile of 10 mean services. */
const PARTED = 0.5395;
const SHARED = 0.9677;

test("theory: .5395 with a queue for each CPU, .9677 with one for sixteen", () => {
  expect(mmcSojournQuantile(1, PARTED, 0.99)).toBeCloseTo(10, 2);
  expect(mmcSojournQuantile(CPUS, SHARED, 0.99)).toBeCloseTo(10, 1);
});

const study = { law: "exp:100us", vcpus: CPUS } as const;

test("a queue for each CPU is at its limit at .5395", () => {
  const options = {
    ...study,
    discipline: "fcfs",
    load: PARTED,
    queues: "partitioned",
    workers: 8192,
  } as const;
  const all = SEEDS.map((seed) => simulate({ ...options, requests: 15_000 }, seed).sojourn);
  expectQuantile(all, 0.99, 10, 0.8);
});

test("one queue is far from its limit there, and at it at .9677", () => {
  const far = serveInOrder({ ...study, load: PARTED, requests: 10_000 }).map(({ sojourn }) => sojourn);
  expectQuantile(far, 0.99, mmcSojournQuantile(CPUS, PARTED, 0.99), 0.8);
  serveInOrder({ ...study, load: SHARED, requests: 5000 });
  const near = recur({ ...study, load: SHARED }, 500_000).map(({ sojourn }) => sojourn);
  expectQuantile(near, 0.99, 10, 1.2);
});
