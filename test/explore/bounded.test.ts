import { describe, expect, test } from "vitest";
import { type Bare, BareSystem, explore } from "../../src/explore/index.ts";
import { Bounded } from "../../src/explore/strategies/bounded.ts";

function lostUpdate(bare: Bare): void {
  const x = bare.word(0, "x");
  for (const name of ["a", "b"]) {
    bare.thread(function* () {
      const seen = yield* bare.load32(x);
      yield* bare.store32(x, seen + 1);
    }, name);
  }
  bare.atEnd(() => bare.check(bare.peek32(x) === 2, "an update was lost"));
}

describe("bounds", () => {
  test("count the schedules with so many preemptions", () => {
    // Two threads of two steps: 2 without, 2 more with one, 2 more with two.
    const seen: number[] = [];
    for (const maxBound of [0, 1, 2, 3]) {
      const search = new Bounded(new BareSystem(lostUpdate), { by: "preemptions", maxSteps: 100, maxBound });
      const made = new Set<string>();
      do {
        search.execute();
        made.add(search.schedule().join());
      } while (search.advance());
      seen.push(made.size);
      expect(search.complete).toBe(maxBound >= 2);
    }
    expect(seen).toEqual([2, 4, 6, 6]);
  });

  test("delays reach what preemptions reach", () => {
    const search = new Bounded(new BareSystem(lostUpdate), { by: "delays", maxSteps: 100 });
    const made = new Set<string>();
    do {
      search.execute();
      made.add(search.schedule().join());
    } while (search.advance());
    expect([made.size, search.complete]).toEqual([6, true]);
  });
});

describe("explore", () => {
  test.each(["preemptions", "delays"] as const)(
    "%s sees both ends, and that there are no more",
    (strategy) => {
      expect(explore(lostUpdate, { strategy, stopAtFirst: false })).toMatchObject({
        complete: true,
        distinct: 4,
      });
    },
  );

  test.each(["random", "pct", "pos", "urw", "surw", "portfolio"] as const)("%s finds one", (strategy) => {
    expect(explore(lostUpdate, { strategy }).violations[0]).toMatchObject({ preemptions: 1, minimal: true });
  });
});
