import { describe, expect, test } from "vitest";
import { Footprints, NO_ACCESS, reads, writes } from "../../src/interleaving/footprints.ts";

describe("footprints", () => {
  const prints = new Footprints(100);

  test("equal accesses have equal numbers, in any order and however often", () => {
    expect(prints.of([writes(1), reads(2)])).toBe(prints.pair(reads(2), writes(1)));
    expect(prints.of([reads(3), writes(1), reads(2)])).toBe(
      prints.of([reads(2), reads(3), writes(1), reads(1)]),
    );
    expect(prints.of([])).toBe(NO_ACCESS);
    expect(prints.of([reads(4)])).toBe(reads(4));
    expect(prints.pair(reads(4), writes(4))).toBe(writes(4));
    expect(prints.union(prints.pair(reads(1), reads(2)), writes(1))).toBe(prints.pair(writes(1), reads(2)));
    expect(prints.union(NO_ACCESS, reads(7))).toBe(reads(7));
  });

  test.each([
    [[reads(1)], [reads(1)], false],
    [[reads(1)], [writes(1)], true],
    [[writes(1)], [writes(2)], false],
    [[], [writes(2)], false],
    [[reads(1), writes(2)], [reads(2)], true],
    [[reads(2)], [reads(1), writes(2)], true],
    [[reads(1), reads(2)], [reads(2), writes(3)], false],
    [[reads(1), reads(2), writes(9)], [reads(2), reads(9)], true],
  ])("%j and %j: dependent %s", (a, b, expected) => {
    expect(prints.dependent(prints.of(a), prints.of(b))).toBe(expected);
    expect(prints.dependent(prints.of(b), prints.of(a))).toBe(expected);
  });
});
