/**
 * Steps: what completes at once, what yields once, and how a step without state tells its two calls apart.
 */
import { describe, expect, test } from "vitest";
import { Completed, type Coroutine, Pause, RESUME, YIELD_PAUSE } from "../../src/atomics/index.ts";

function* through<T>(step: Completed<T> | Pause): Coroutine<T | undefined> {
  const value = yield* step;
  return value === undefined ? undefined : value;
}

describe("Completed", () => {
  test("never yields and gives its value", () => {
    expect(through(new Completed(42)).next()).toEqual({ done: true, value: 42 });
    expect(through(new Completed(0n)).next()).toEqual({ done: true, value: 0n });
  });

  test("is its own iterator and its own result: nothing is allocated", () => {
    const done = new Completed(1);
    const iterator = done[Symbol.iterator]();
    expect(iterator).toBe(done);
    expect(iterator.next()).toBe(done);
    expect(iterator.next(RESUME)).toBe(done);
  });

  test("is read again each time it is used", () => {
    const shared = new Completed(1);
    function* twice(): Coroutine<number[]> {
      const first = yield* shared;
      shared.value = 2;
      return [first, yield* shared];
    }
    expect(twice().next()).toEqual({ done: true, value: [1, 2] });
  });
});

describe("Pause", () => {
  test("yields its request once and completes without a value", () => {
    const running = through(new Pause(YIELD_PAUSE));
    expect(running.next()).toEqual({ done: false, value: YIELD_PAUSE });
    expect(running.next(RESUME)).toEqual({ done: true, value: undefined });
  });

  test("has no state: one instance serves coroutines that are paused at the same time", () => {
    const pause = new Pause(7);
    function* paused(name: string): Coroutine<string> {
      yield* pause;
      yield* pause;
      return name;
    }
    const [a, b] = [paused("a"), paused("b")];
    expect([a.next().value, b.next().value]).toEqual([7, 7]);
    expect(b.next(RESUME)).toEqual({ done: false, value: 7 });
    expect(a.next(RESUME)).toEqual({ done: false, value: 7 });
    expect(a.next(RESUME)).toEqual({ done: true, value: "a" });
    expect(b.next(RESUME)).toEqual({ done: true, value: "b" });
  });
});
