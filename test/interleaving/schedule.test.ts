import { describe, expect, test } from "vitest";
import {
  actorOf,
  alternativeOf,
  choice,
  formatSchedule,
  parseSchedule,
  preemptions,
  ScheduleSyntaxError,
} from "../../src/interleaving/schedule.ts";

describe("schedules", () => {
  test("are written as runs", () => {
    const schedule = [0, 0, 0, 2, choice(1, 1), choice(1, 1), choice(1)];
    expect(formatSchedule(schedule)).toBe("0*3 2 1.1*2 1");
    expect(parseSchedule("0*3 2 1.1*2 1")).toEqual(schedule);
    expect(parseSchedule(" ")).toEqual([]);
    expect([actorOf(choice(7, 3)), alternativeOf(choice(7, 3))]).toEqual([7, 3]);
  });

  test.each(["x", "1.", "-1", "65536", "1*", "1*99999999"])("%j is refused by its name", (text) => {
    expect(() => parseSchedule(`0 ${text}`)).toThrow(ScheduleSyntaxError);
    expect(() => parseSchedule(`0 ${text}`)).toThrow(`"${text}"`);
  });

  test("a switch away from an actor that could have gone on is a preemption", () => {
    expect(preemptions([0, 0, 1, 0], (step) => step === 2)).toBe(1);
    expect(preemptions([0, 1, 0], () => true)).toBe(2);
    expect(preemptions([0, choice(0, 1)], () => true)).toBe(0);
  });
});
