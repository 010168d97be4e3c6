import { expect, test } from "vitest";
import { Sfc32 } from "../../src/random/sfc32.ts";
import { packEvents, unpackEvents } from "../../src/report/model/packing.ts";
import { type Event, eventsOf, logOf } from "./fixture.ts";

test("an event log comes back as it was", () => {
  const random = new Sfc32(7);
  const int = (range: number): number => Math.floor((random.next() - 0.5) * range);
  const events = Array.from({ length: 5000 }, (_, i): Event => {
    const time = 2 ** 45 + i * 1000 + int(3000);
    return [time, 1 + (i % 21), int(2000), Math.abs(int(4e6)), int(2 ** 32), int(2 ** 32)];
  });
  expect(eventsOf(unpackEvents(packEvents(logOf(events))))).toEqual(events);
});

test("the ends of the ranges come back, too", () => {
  const events: Event[] = [
    [0, 1, -1, 0, -(2 ** 31), 2 ** 31 - 1],
    [2 ** 52, 255, 0, 2 ** 31 - 1, 0, -1],
    [1, 1, 0, 0, 127, 128],
  ];
  expect(eventsOf(unpackEvents(packEvents(logOf(events))))).toEqual(events);
});

test("an empty log is one byte", () => {
  expect([...packEvents(logOf([]))]).toEqual([0]);
  expect(unpackEvents(Uint8Array.of(0)).length).toBe(0);
});

test("what neighbouring events have in common takes one byte a field", () => {
  const events = Array.from({ length: 1000 }, (_, i): Event => [i * 50, 5, 1, 9, 22, 3]);
  expect(packEvents(logOf(events)).length).toBeLessThan(6 * 1000 + 10);
});

test("bytes that are no log are refused", () => {
  expect(() => unpackEvents(Uint8Array.of(2, 0))).toThrow(RangeError);
  expect(() => unpackEvents(Uint8Array.of(200, 1))).toThrow("200 events cannot be in 2 bytes");
  expect(() => unpackEvents(new Uint8Array(20).fill(255))).toThrow("longer than 8 bytes");
});

test("a log that is full keeps the beginning and counts the rest", () => {
  const log = logOf(
    [
      [1, 1, 0, 1, 0, 0],
      [2, 2, 0, 1, 0, 0],
      [3, 3, 0, 1, 0, 0],
    ],
    2,
  );
  expect([log.length, log.dropped, log.kinds[1]]).toEqual([2, 1, 2]);
});
