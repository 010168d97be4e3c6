import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Worth } from "../../src/threads/worth.ts";

/** Chances that are passed over before the next try. */
function passedOver(worth: Worth): number {
  let passed = 0;
  while (!worth.tries()) passed++;
  return passed;
}

describe("whether something is worth trying", () => {
  test("each time in vain doubles the chances to the next try, 1024 at most; each time that paid halves them", () => {
    const worth = new Worth();
    const seen = [];
    for (const paid of [...Array<boolean>(12).fill(false), ...Array<boolean>(11).fill(true)]) {
      seen.push(1 + passedOver(worth));
      worth.came(paid);
    }
    expect(seen).toEqual([
      ...[1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 1024],
      ...[1024, 512, 256, 128, 64, 32, 16, 8, 4, 2, 1],
    ]);
  });

  test("what pays at every time is tried at every chance", () => {
    const worth = new Worth();
    for (let chance = 0; chance < 100; chance++) {
      expect(worth.tries()).toBe(true);
      worth.came(true);
    }
  });

  test("what pays at one time in three is hardly tried", () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const worth = new Worth();
        let tries = 0;
        for (let chance = 0; chance < 10_000; chance++) {
          if (!worth.tries()) continue;
          worth.came((seed + tries++) % 3 === 0);
        }
        expect(tries).toBeLessThan(100);
      }),
    );
  });
});
