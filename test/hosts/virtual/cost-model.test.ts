/** The cost profiles: complete, sensible, and adding up to the published totals. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { type CostModel, exitLatency, PROFILES, stepPrices } from "../../../src/hosts/virtual/cost-model.ts";
import { STEP_NAMES } from "../../../src/kernel-sim/steps.ts";

const MODELS: readonly [string, CostModel][] = Object.entries(PROFILES);

describe.each(MODELS)("profile %s", (name, model) => {
  test("prices every step with a whole number of ns", () => {
    expect(Object.keys(model.steps).sort()).toEqual([...STEP_NAMES].sort());
    for (const price of Object.values(model.steps)) {
      expect(Number.isInteger(price)).toBe(true);
      if (name === "ideal") expect(price).toBe(0);
      else expect(price).toBeGreaterThan(0);
    }
    expect([...stepPrices(model)]).toEqual(STEP_NAMES.map((step) => model.steps[step]));
    expect(model.name).toBe(name);
  });

  test("has idle states with names of their own, exit times that grow with time asleep, and a default", () => {
    const names = model.idleStates.map((state) => state.name);
    expect(new Set(names).size).toBe(names.length);
    expect(model.idleStates[model.defaultIdleState]).toBeDefined();
    for (const { exit } of model.idleStates) {
      expect(exit[0]!.fromNs).toBe(0);
      for (const [index, { fromNs, ns }] of exit.slice(1).entries()) {
        expect(fromNs).toBeGreaterThan(exit[index]!.fromNs);
        expect(ns).toBeGreaterThanOrEqual(exit[index]!.ns);
      }
    }
  });

  test("hands off on one CPU in 1250 ns native, 1690 ns guest, none ideal", () => {
    const { syscallEntry, syscallExit, wake, block, switch: change } = model.steps;
    const total = 2 * syscallEntry + wake + 2 * syscallExit + block + change;
    expect(total).toBe({ native: 1250, guest: 1690, ideal: 0 }[name]);
  });
});

describe("exitLatency", () => {
  const state = {
    name: "deep",
    polls: false,
    targetResidencyNs: 0,
    exit: [
      { fromNs: 0, ns: 1 },
      { fromNs: 100, ns: 2 },
      { fromNs: 1000, ns: 30 },
    ],
  };

  test.each([
    [0, 1],
    [99, 1],
    [99.5, 1],
    [100, 2],
    [999, 2],
    [1000, 30],
    [1e12, 30],
  ])("after %d ns asleep is %d ns", (idleNs, ns) => {
    expect(exitLatency(state, idleNs)).toBe(ns);
  });
});

test("docs/costs.md has the prices of every step", () => {
  const page = readFileSync(resolve(import.meta.dirname, "../../../docs/costs.md"), "utf8");
  const rows = [...page.matchAll(/^\| `(\w+)` \| (\d+) \| (\d+) \|/gm)];
  const written = rows.map(([, step, native, guest]) => [step, Number(native), Number(guest)]);
  const { native, guest } = PROFILES;
  expect(written).toEqual(STEP_NAMES.map((step) => [step, native.steps[step], guest.steps[step]]));
});
