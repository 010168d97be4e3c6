import { describe, expect, test } from "vitest";
import { Sfc32 } from "../../src/random/sfc32.ts";
import {
  STATE_BLOCKED,
  STATE_NONE,
  STATE_RUNNABLE,
  STATE_TASK,
  STATES,
} from "../../src/report/model/states.ts";
import { Track } from "../../src/report/model/track.ts";

const track = (slices: readonly (readonly [number, number])[], endNs: number): Track => {
  const made = new Track(1, "a", false);
  for (const [ns, state] of slices) made.enter(ns, state, 0, -1);
  made.finish(endNs);
  return made;
};

/** Time in each state up to `ns`, the slow way. */
function slowly(of: Track, ns: number): number[] {
  const sums = new Array<number>(STATES).fill(0);
  for (let i = 0; i < of.length; i++)
    sums[of.states[i]!]! += Math.max(0, Math.min(of.endOf(i), ns) - of.starts[i]!);
  return sums;
}

describe("a track", () => {
  test("merges slices that say the same, and drops those without length", () => {
    const made = track(
      [
        [10, STATE_TASK],
        [20, STATE_TASK],
        [30, STATE_RUNNABLE],
        [30, STATE_BLOCKED],
      ],
      50,
    );
    expect([...made.starts.subarray(0, made.length)]).toEqual([10, 30]);
    expect(made.states[1]).toBe(STATE_BLOCKED);
  });

  test("does not go back in time", () => {
    const made = track(
      [
        [10, STATE_TASK],
        [30, STATE_RUNNABLE],
        [20, STATE_BLOCKED],
        [40, STATE_TASK],
      ],
      50,
    );
    expect([...made.starts.subarray(0, made.length)]).toEqual([10, 30, 40]);
  });

  test("finds the slice at a time", () => {
    const made = track(
      [
        [10, STATE_TASK],
        [30, STATE_BLOCKED],
      ],
      50,
    );
    expect([9, 10, 29, 30, 99].map((ns) => made.at(ns))).toEqual([-1, 0, 0, 1, 1]);
    expect([made.endOf(0), made.endOf(1)]).toEqual([30, 50]);
  });

  test("sums its states exactly, at any time and over any number of slices", () => {
    const random = new Sfc32(3);
    let ns = 5;
    const slices = Array.from({ length: 1000 }, (_, i): [number, number] => {
      ns += 1 + Math.floor(random.next() * 40);
      return [ns, i % STATES];
    });
    const made = track(slices, ns + 100);
    const sums = new Float64Array(STATES);
    for (let i = 0; i < 300; i++) {
      const at = Math.floor(random.next() * (ns + 300)) - 50;
      made.before(at, sums);
      expect([...sums]).toEqual(slowly(made, at));
    }
  });

  test("is nothing before its first slice", () => {
    expect(new Track(1, "a", false).state).toBe(STATE_NONE);
    const sums = new Float64Array(STATES).fill(9);
    track([[10, STATE_TASK]], 20).before(10, sums);
    expect(Math.max(...sums)).toBe(0);
  });
});
