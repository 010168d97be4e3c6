/** Functions that may never return: that they are ended, what becomes of what they throw, and where they were. */
import { fileURLToPath } from "node:url";
import { describe, expect, test, vi } from "vitest";
import { guarded, inStretches, whereItStays } from "../../src/watchdog/index.ts";

function spin(): void {
  for (;;);
}

describe("guarded", () => {
  test("calls what returns, once, and lets through what it throws", () => {
    const work = vi.fn();
    for (const limitMs of [0, 1_000]) {
      expect(guarded(work, limitMs)).toBe(true);
      const error = new Error("no");
      const thrown = (): void => {
        throw error;
      };
      expect(() => guarded(thrown, limitMs)).toThrow(error);
    }
    expect(work).toHaveBeenCalledTimes(2);
  });

  test("ends what does not return, which cannot see it", () => {
    let seen = 0;
    const work = (): void => {
      try {
        spin();
      } catch {
        seen++;
      } finally {
        seen++;
      }
    };
    expect(guarded(work, 20)).toBe(false);
    expect(seen).toBe(0);
  });

  test("within another ends its own work and not that of the other", () => {
    let inner: boolean | undefined;
    const work = (): void => {
      inner = guarded(spin, 20);
    };
    expect(guarded(work, 10_000)).toBe(true);
    expect(inner).toBe(false);
  });
});

describe("in stretches", () => {
  test.each([0, 20, 10_000])("all is done, with a limit of %i ms", (limitMs) => {
    let left = 1_000;
    expect(inStretches(() => --left > 0, limitMs)).toBe(true);
    expect(left).toBe(0);
  });

  test("the whole may take longer than the limit", () => {
    let left = 10;
    const next = (): boolean => {
      const end = performance.now() + 20;
      while (performance.now() < end);
      return --left > 0;
    };
    expect(inStretches(next, 150)).toBe(true);
  });

  test("what does not come back ends them", () => {
    let left = 3;
    const next = (): boolean => {
      if (--left === 0) spin();
      return true;
    };
    expect(inStretches(next, 20)).toBe(false);
    expect(left).toBe(0);
  });
});

describe("where it stays", () => {
  test("is the line of the loop, though that ran before", () => {
    guarded(spin, 20);
    const line = 7;
    expect(whereItStays(spin)?.place?.replace("file://", "")).toBe(
      `${fileURLToPath(import.meta.url)}:${line}`,
    );
  });

  test("is nowhere if it returns", () => {
    expect(whereItStays(() => undefined)).toBeUndefined();
  });
});
