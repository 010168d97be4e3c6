/** Functions that may never return: that they are ended, what becomes of what they throw, and where they were. */
import { fileURLToPath } from "node:url";
import { describe, expect, test, vi } from "vitest";
import { guarded, inStretches, whereItStays } from "../../src/watchdog/index.ts";

function spin(): void {
  for (;;);
}

/** Longer than anything is held up here that does return. */
const LONG_MS = 60_000;

describe("guarded", () => {
  test("calls what returns, once, and lets through what it throws", () => {
    const work = vi.fn();
    for (const limitMs of [0, LONG_MS]) {
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
    expect(guarded(work, LONG_MS)).toBe(true);
    expect(inner).toBe(false);
  });
});

describe("in stretches", () => {
  /**
   * `pieces` of some ms each. They are ended before the last one only if the machine has held this thread up, for as long as the
   * limit leaves: then all is done again with times twice as long.
   */
  function allDone(pieces: number, ms: number, limitMs: number): void {
    let left = pieces;
    const began = performance.now();
    const next = (): boolean => {
      const end = performance.now() + ms;
      while (performance.now() < end);
      return --left > 0;
    };
    if (inStretches(next, limitMs)) {
      expect(left).toBe(0);
      return;
    }
    const heldUpMs = performance.now() - began - (pieces - left + 1) * ms;
    expect(heldUpMs).toBeGreaterThan(limitMs / 3);
    allDone(pieces, 2 * ms, 2 * limitMs);
  }

  test.each([0, 20, LONG_MS])("all is done, with a limit of %i ms", (limitMs) => {
    allDone(1_000, 0, limitMs);
  });

  test("the whole may take longer than the limit", () => {
    allDone(15, 20, 150);
  });

  /** The third piece does not come back. It may be that the machine lets none begin within the limit: then with twice that. */
  function spunThird(limitMs: number): boolean {
    let left = 3;
    const began = performance.now();
    const next = (): boolean => {
      if (--left === 0) spin();
      return true;
    };
    if (inStretches(next, limitMs)) return false;
    if (left === 0) return true;
    expect(performance.now() - began).toBeGreaterThan(limitMs / 2);
    return spunThird(2 * limitMs);
  }

  test("what does not come back ends them", () => {
    expect(spunThird(20)).toBe(true);
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

  test("is looked for until enough was seen: a machine that is slow may have let it do little", () => {
    const work = (): void => {
      for (const end = performance.now() + 15; performance.now() < end; );
    };
    expect(whereItStays(work, [5, LONG_MS])).toBeUndefined();
  });
});
