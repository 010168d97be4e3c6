/** Depth-first search against published and hand-made counts: it is the oracle for all others. */
import { describe, expect, test } from "vitest";
import type { Bare, Program } from "../../src/explore/index.ts";
import { depthFirst } from "./fixture.ts";

function lastZero(n: number): Program {
  return (bare: Bare) => {
    const a = Array.from({ length: n + 1 }, () => bare.word());
    bare.thread(function* () {
      let i = n;
      while ((yield* bare.load32(a[i]!)) !== 0) i--;
      return i;
    });
    for (let j = 1; j <= n; j++) {
      bare.thread(function* () {
        const value = yield* bare.load32(a[j - 1]!);
        yield* bare.store32(a[j]!, value + 1);
      });
    }
  };
}

describe("sleep sets", () => {
  test("complete each class once and give up the others", () => {
    expect(depthFirst(lastZero(3), false)).toMatchObject({ complete: 920, classes: 12, states: 12 });
    expect(depthFirst(lastZero(3), true)).toMatchObject({
      complete: 12,
      blocked: 18,
      classes: 12,
      states: 12,
    });
    expect(depthFirst(lastZero(5), true)).toMatchObject({ complete: 64, blocked: 354, classes: 64 });
  });

  test("blocked locks are no classes of their own", () => {
    const locks = (bare: Bare): void => {
      const mutex = bare.mutex();
      for (let i = 0; i < 3; i++) {
        bare.thread(function* () {
          yield* bare.lock(mutex);
        });
      }
    };
    expect(depthFirst(locks, true)).toMatchObject({ complete: 3, classes: 3 });
    expect(depthFirst(locks, false)).toMatchObject({ complete: 3, classes: 3 });
  });
});
