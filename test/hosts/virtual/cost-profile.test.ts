/** Cost profiles from data: what is taken over, and that every bad key is named. */
import { describe, expect, test } from "vitest";
import { PROFILES } from "../../../src/hosts/virtual/cost-model.ts";
import { parseCostProfile } from "../../../src/hosts/virtual/cost-profile.ts";
import { boot, timed } from "../../support/boot.ts";

describe("a profile", () => {
  test("of a name alone is the native one", () => {
    expect(parseCostProfile({ name: "mine" })).toEqual({ ...PROFILES.native, name: "mine" });
  });

  test("overrides steps of its base and chooses its idle state", () => {
    const model = parseCostProfile({
      name: "mine",
      base: "guest",
      steps: { wake: 1, switch: 2 },
      idle: "poll",
    });
    expect(model.steps).toEqual({ ...PROFILES.guest.steps, wake: 1, switch: 2 });
    expect(model.idleStates[model.defaultIdleState]!.name).toBe("poll");
  });

  test("may bring its own idle states", () => {
    const deep = { name: "deep", exit: [{ fromNs: 0, ns: 70_000 }] };
    const model = parseCostProfile({ name: "mine", idleStates: [deep], idle: "deep" });
    expect(model.idleStates).toEqual([{ ...deep, polls: false, targetResidencyNs: 0 }]);
    expect(parseCostProfile({ name: "mine", idleStates: [deep] }).defaultIdleState).toBe(0);
  });

  test("is what a machine then charges", () => {
    const { machine } = boot({
      profile: parseCostProfile({ name: "mine", steps: { syscallEntry: 7, syscallExit: 5 } }),
    });
    let ns = 0;
    machine.spawn(function* (env) {
      ({ ns } = yield* timed(env, env.sys.gettid()));
    });
    machine.run();
    expect(ns).toBe(12);
  });
});

describe("names the bad key", () => {
  test.each([
    [null, "profile must be an object, got null"],
    [[], "profile must be an object"],
    [{}, "profile.name must be a text"],
    [{ name: "" }, "profile.name must be a text"],
    [{ name: "m", step: {} }, "profile.step is no key"],
    [{ name: "m", base: "vax" }, 'profile.base must be one of native, guest, ideal, got "vax"'],
    [{ name: "m", steps: { wakee: 1 } }, "profile.steps.wakee is no key"],
    [{ name: "m", steps: { wake: -1 } }, "profile.steps.wake must be a whole number of ns"],
    [{ name: "m", steps: { wake: 1.5 } }, "profile.steps.wake must be a whole number of ns"],
    [
      { name: "m", steps: { wake: "350" } },
      'profile.steps.wake must be a whole number of ns from 0 to 1000000000, got "350"',
    ],
    [{ name: "m", steps: { wake: 2e9 } }, "profile.steps.wake must be"],
    [{ name: "m", steps: 3 }, "profile.steps must be an object"],
    [{ name: "m", idle: "c9" }, "profile.idle must be one of poll, c1, c1e, c6"],
    [{ name: "m", idleStates: [] }, "profile.idleStates must be a list"],
    [{ name: "m", idleStates: [{ name: "x", exit: [] }] }, "profile.idleStates[0].exit must be a list"],
    [
      { name: "m", idleStates: [{ name: "x", exit: [{ fromNs: 0 }] }] },
      "profile.idleStates[0].exit[0].ns must be",
    ],
    [
      { name: "m", idleStates: [{ exit: [{ fromNs: 0, ns: 1 }] }] },
      "profile.idleStates[0].name must be a text",
    ],
    [
      { name: "m", idleStates: [{ name: "x", polls: 1, exit: [{ fromNs: 0, ns: 1 }] }] },
      "profile.idleStates[0].polls",
    ],
    [
      { name: "m", idleStates: [{ name: "x", targetResidencyNs: -1, exit: [{ fromNs: 0, ns: 1 }] }] },
      "profile.idleStates[0].targetResidencyNs must be a whole number of ns",
    ],
    [
      {
        name: "m",
        idleStates: [
          { name: "x", targetResidencyNs: 5, exit: [{ fromNs: 0, ns: 1 }] },
          { name: "y", targetResidencyNs: 4, exit: [{ fromNs: 0, ns: 1 }] },
        ],
      },
      "profile.idleStates[1].targetResidencyNs must be 5 or more, as of the state before, got 4",
    ],
    [
      { name: "m", idleStates: [{ name: "menu", exit: [{ fromNs: 0, ns: 1 }] }] },
      'profile.idleStates[0].name must be no name of a governor, got "menu"',
    ],
    [
      {
        name: "m",
        idleStates: new Array(9).fill({ name: "x", exit: [{ fromNs: 0, ns: 1 }] }),
      },
      "profile.idleStates must be at most 8 states, got 9",
    ],
    [{ name: "m", sources: 1 }, "profile.sources must be an object, got 1"],
    [{ name: "m", sources: { wakee: {} } }, "profile.sources.wakee is no key"],
    [{ name: "m", sources: { wake: "guest" } }, 'profile.sources.wake must be an object, got "guest"'],
    [{ name: "m", sources: { wake: {} } }, "profile.sources.wake.from must be a text"],
    [{ name: "m", sources: { wake: { from: "guest" } } }, "profile.sources.wake.why must be a text"],
    [
      { name: "m", sources: { wake: { from: "guest", why: "so", p50: 3 } } },
      "profile.sources.wake.p50 is no key",
    ],
    [
      { name: "m", sources: { wake: { from: "measured", probe: "clock", p50: 3, p90: -1, samples: 2 } } },
      "profile.sources.wake.p90 must be 0 or more, got -1",
    ],
    [{ name: "m", sources: { wake: { from: "measured", p50: 3 } } }, "profile.sources.wake.probe must be"],
  ])("%j", (data, message) => {
    expect(() => parseCostProfile(data)).toThrow(
      expect.objectContaining({ code: "ERR_CONFIG", message: expect.stringContaining(message) }),
    );
  });
});
