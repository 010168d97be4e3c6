// A calibration finds the prices that the machine behind its probes has, and says what it did not find.
import { describe, expect, test } from "vitest";
import { Calibration } from "../../../src/bench/calibrate/calibration.ts";
import { openNodeProbes } from "../../../src/bench/calibrate/node-probes.ts";
import { Readings } from "../../../src/bench/calibrate/readings.ts";
import { PROFILES } from "../../../src/hosts/virtual/cost-model.ts";
import { parseCostProfile } from "../../../src/hosts/virtual/cost-profile.ts";
import { type FakeProbes, fakeProbes, GUEST_SERIES } from "./fixture.ts";

/** A clock that a look costs a millisecond. */
function ticking(): () => number {
  let now = 0;
  return () => ++now;
}

function calibrate(machine: FakeProbes, seconds = 1): ReturnType<Calibration["result"]> {
  const base = PROFILES.guest;
  const calibration = new Calibration({ machine, base, name: "here", seconds, clock: ticking() });
  while (!calibration.advance());
  return calibration.result();
}

const MEASURED = [
  "syscallEntry",
  "syscallExit",
  "cacheLine",
  "ipiSend",
  "ipiDeliver",
  "timerInterrupt",
  "minorFault",
] as const;

describe("the prices", () => {
  test("of a machine like the guest profile are the guest profile's", () => {
    const { profile } = calibrate(fakeProbes(GUEST_SERIES));
    expect(profile.steps).toEqual(PROFILES.guest.steps);
    const measured = Object.entries(profile.sources).filter(([, source]) => source.from === "measured");
    expect(measured.map(([step]) => step).sort()).toEqual([...MEASURED].sort());
    expect(profile.sources.wake).toEqual({ from: "guest", why: "Node cannot time it" });
  });

  test.each([
    ["systemCall", 80, "syscallEntry", 60 + 40],
    ["lineHop", 45, "cacheLine", 55 + 45],
    ["notify", 700, "ipiSend", 6000 + 700],
    ["roundTrip", 600, "ipiDeliver", 5000 + 300],
    ["oversleep", 1000, "timerInterrupt", 16_000 + 1000],
    ["pageFault", 5, "minorFault", 1205],
  ] as const)("%s longer by %i ns makes %s %i ns", (series, more, step, price) => {
    const { profile } = calibrate(fakeProbes({ ...GUEST_SERIES, [series]: GUEST_SERIES[series] + more }));
    expect(profile.steps[step]).toBe(price);
  });

  test.each([
    ["nativeCall", 30, "syscallExit", 60 - 15],
    ["clock", 20, "ipiSend", 6000 - 20],
    ["notifyNobody", 20, "ipiSend", 6000 - 20],
    ["lineAlone", 7, "cacheLine", 55 - 7],
  ] as const)("%s longer by %i ns makes %s %i ns", (series, more, step, price) => {
    const { profile } = calibrate(fakeProbes({ ...GUEST_SERIES, [series]: GUEST_SERIES[series] + more }));
    expect(profile.steps[step]).toBe(price);
  });

  test("come with the median, the 90th percentile and the number of samples", () => {
    const readings = new Readings();
    for (let ns = 1; ns <= 10; ns++) readings.add("pageFault", ns);
    expect(readings.summary("pageFault")).toEqual({ p50: 5, p90: 9, samples: 10 });
    expect(readings.summary("clock")).toBeUndefined();
    const { profile, series } = calibrate(fakeProbes({ pageFault: 500 }));
    expect(profile.sources.minorFault).toEqual({
      from: "measured",
      probe: "pageFault",
      p50: 500,
      p90: 500,
      samples: series.pageFault!.samples,
    });
  });
});

describe("what cannot be measured is the base's, with the reason", () => {
  test.each(["nativeCall", "systemCall", "notify", "roundTrip", "clock", "lineHop", "oversleep"] as const)(
    "without %s",
    (series) => {
      const { [series]: _, ...others } = GUEST_SERIES;
      const { profile } = calibrate(fakeProbes(others));
      const why = Object.values(profile.sources).filter(
        (source) => "why" in source && /no sample/.test(source.why),
      );
      expect(why.length).toBeGreaterThan(0);
      expect(profile.steps).toEqual(PROFILES.guest.steps);
    },
  );

  test.each([
    ["a hand-off on one CPU", { notify: 800, roundTrip: 3400 }],
    ["a hand-off shorter than its parts", { notify: 6600, roundTrip: 4000 }],
  ])("%s says nothing of IPIs", (_, series) => {
    const { profile } = calibrate(fakeProbes({ ...GUEST_SERIES, ...series }));
    expect([profile.steps.ipiSend, profile.steps.ipiDeliver]).toEqual([6000, 5000]);
    const why = expect.stringContaining("one CPU");
    expect(profile.sources.ipiSend).toEqual({ from: "guest", why });
    expect(profile.sources.ipiDeliver).toEqual({ from: "guest", why });
  });

  test("a sleep that ends within its slack says nothing of timers", () => {
    const { profile } = calibrate(fakeProbes({ ...GUEST_SERIES, oversleep: 40_000 }));
    expect(profile.steps.timerInterrupt).toBe(16_000);
    expect(profile.sources.timerInterrupt.from).toBe("guest");
  });
});

describe("a calibration", () => {
  test("gives every probe the same time, one after the other", () => {
    const machine = fakeProbes(GUEST_SERIES);
    calibrate(machine, 1);
    const runs = Object.keys(GUEST_SERIES).map((name) => machine.asked.filter((one) => one === name).length);
    // A second in ten shares, a millisecond a look.
    expect(new Set(runs.map((count) => Math.round(count / 10)))).toEqual(new Set([10]));
    expect(machine.asked).toEqual(machine.asked.toSorted((a, b) => order(a) - order(b)));
  });

  test("ends even if its clock stands still", () => {
    const machine = fakeProbes({ clock: 1 });
    const options = { machine, base: PROFILES.native, name: "x", seconds: 1, clock: () => 0 };
    expect(new Calibration(options).advance()).toBe(true);
  });

  test("can be stopped between two stretches, and has a result then", () => {
    const machine = fakeProbes(GUEST_SERIES);
    const options = { machine, base: PROFILES.guest, name: "x", seconds: 1, clock: ticking() };
    const calibration = new Calibration(options);
    expect([calibration.advance(() => true), machine.asked.length, calibration.progress]).toEqual([
      false,
      1,
      0,
    ]);
    expect(calibration.result().profile.steps).toEqual(PROFILES.guest.steps);
  });

  test("makes a profile that --profile takes, with its sources", () => {
    const { profile } = calibrate(fakeProbes(GUEST_SERIES));
    const model = parseCostProfile(JSON.parse(JSON.stringify(profile)));
    expect([model.name, model.steps, model.sources]).toEqual(["here", profile.steps, profile.sources]);
  });
});

function order(series: string): number {
  return Object.keys(GUEST_SERIES).indexOf(series);
}

test("the probes of a real machine give finite samples, and end", () => {
  const machine = openNodeProbes();
  try {
    const readings = new Readings();
    for (const probe of machine.probes) probe.take(readings);
    for (const series of ["nativeCall", "clock", "notifyNobody", "oversleep"] as const) {
      const { p50, samples } = readings.summary(series)!;
      expect(Number.isFinite(p50)).toBe(true);
      expect(samples).toBeGreaterThan(0);
    }
    expect(machine.timerSlackNs).toBeGreaterThanOrEqual(0);
  } finally {
    machine.close();
  }
});
