/** How one waits for a lock: with the CPU given up, and for longer and longer. */
import { expect, test } from "vitest";
import { type Coroutine, stepAside } from "../../src/index.ts";
import { runAlone } from "../support/interleave.ts";

test("each sleep is twice as long as the one before, up to a bound, with three yields in between", () => {
  const calls: (string | number)[] = [];
  const sys = {
    *schedYield(): Coroutine<number> {
      calls.push("yield");
      return 0;
    },
    *nanosleep(ns: number): Coroutine<number> {
      calls.push(ns);
      return 0;
    },
  };
  for (let turn = 0; turn < 40; turn++) runAlone(stepAside({ sys }, turn));
  expect(calls.slice(0, 8)).toEqual(["yield", "yield", "yield", 5_000, "yield", "yield", "yield", 10_000]);
  expect(calls.filter((call) => call !== "yield").slice(2)).toEqual([
    20_000, 40_000, 80_000, 160_000, 320_000, 640_000, 640_000, 640_000,
  ]);
});
