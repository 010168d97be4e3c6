// What the leader counts, and what main makes of it at any time.
import { describe, expect, test } from "vitest";
import { SharedMeter } from "../../../src/bench/threads/shared-meter.ts";

describe("a meter in shared memory", () => {
  const leader = new SharedMeter(2, 3);
  const main = new SharedMeter(2, 3, leader.buffer);
  const counts = (switches: number, ipis: number) => () => ({ switches, ipis });

  test("counts rounds, and measures those behind the warm-up", () => {
    leader.tasks = new Set([5, 9]);
    expect([...main.tasks]).toEqual([5, 9]);
    for (const round of [0, 1]) leader.onRound(round, 10 * round, counts(1, 1));
    expect([main.finished, main.measured]).toEqual([1, 0]);
    leader.onRound(2, 100, counts(10, 4));
    leader.onRound(3, 130, counts(99, 99));
    expect([main.finished, main.measured, main.timeNs(0), main.timeNs(1)]).toEqual([3, 1, 100, 130]);
    // Cut short here: against the counts of the moment.
    expect(main.counts({ switches: 17, ipis: 6 })).toEqual({ switches: 7, ipis: 2 });
    leader.onRound(4, 170, counts(99, 99));
    leader.onRound(5, 220, counts(30, 9));
    expect([main.measured, main.timeNs(3)]).toEqual([3, 220]);
    expect(main.counts({ switches: 99, ipis: 99 })).toEqual({ switches: 20, ipis: 5 });
  });
});
