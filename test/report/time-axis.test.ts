import { expect, test } from "vitest";
import { exactTime, grouped, shortTime, timeTicks } from "../../src/report/model/time-axis.ts";

test.each([
  [0, "0 ns"],
  [999.6, "1 µs"],
  [1250, "1.25 µs"],
  [123_456, "123 µs"],
  [-2_500_000, "-2.5 ms"],
  [3e9, "3 s"],
  [1e13, "10000 s"],
])("%d ns is short for %s", (ns, text) => {
  expect(shortTime(ns)).toBe(text);
});

test("exact times keep every nanosecond", () => {
  expect([7, 1250, -1_000_001, 1e9 + 1].map(exactTime)).toEqual([
    "7 ns",
    "1.250 µs",
    "-1.000001 ms",
    "1.000000001 s",
  ]);
});

test("ticks are round, in one unit, and count from the origin", () => {
  const ticks = timeTicks(1000, 3000, 5, 500);
  expect(ticks.map(({ ns, label }) => [ns, label])).toEqual([
    [1000, "0.5 µs"],
    [1500, "1.0 µs"],
    [2000, "1.5 µs"],
    [2500, "2.0 µs"],
    [3000, "2.5 µs"],
  ]);
});

test("ticks are a nanosecond apart at least, and few however long the time is", () => {
  expect(timeTicks(0, 3, 100).map(({ label }) => label)).toEqual(["0 ns", "1 ns", "2 ns", "3 ns"]);
  expect(timeTicks(0, 1e12, 10).length).toBeLessThanOrEqual(11);
});

test("long numbers are grouped", () => {
  expect(grouped(1_234_567)).toBe("1\u202f234\u202f567");
  expect(grouped(999)).toBe("999");
});
