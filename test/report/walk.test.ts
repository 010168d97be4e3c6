import { describe, expect, test } from "vitest";
import type { InterleavingData } from "../../src/report/model/interleaving-data.ts";
import { Walk } from "../../src/report/model/walk.ts";

/** Step i adds 1 to the only word; `actors` says who steps. */
function data(actors: readonly number[]): InterleavingData {
  return {
    title: "",
    command: "",
    version: "",
    schedule: "",
    violation: undefined,
    violatedAfter: actors.length,
    preemptions: 0,
    actors: [],
    things: [
      { group: "words", name: "x", initial: "0" },
      { group: "words", name: "late", initial: "" },
    ],
    steps: actors.map((actor, i) => ({
      actor,
      what: "",
      preempts: false,
      changes: [[0, String(i + 1)], ...(i === 3 ? [[1, "here"] as const] : [])],
    })),
  };
}

describe("walking through an interleaving", () => {
  test("goes a step at a time and stops at the ends", () => {
    const walk = new Walk(data([0, 1]));
    expect([walk.previous(), walk.position]).toEqual([false, 0]);
    expect([walk.next(), walk.next(), walk.next(), walk.position]).toEqual([true, true, false, 2]);
    expect([walk.go(-5), walk.position, walk.go(99), walk.position]).toEqual([true, 0, true, 2]);
    walk.go(Number.NaN);
    expect(walk.position).toBe(0);
  });

  test("goes from switch to switch if nothing else is wanted", () => {
    const walk = new Walk(data([0, 0, 0, 1, 2, 2]));
    walk.onlySwitches = true;
    const stops: number[] = [];
    while (walk.next()) stops.push(walk.position);
    expect(stops).toEqual([3, 4, 6]);
    const back: number[] = [];
    while (walk.previous()) back.push(walk.position);
    expect(back).toEqual([4, 3, 0]);
  });

  test("knows the run that a step is in", () => {
    const walk = new Walk(data([0, 0, 0, 1, 2, 2]));
    expect([0, 1, 3, 5].map((step) => walk.runOf(step))).toEqual([
      [0, 2],
      [0, 2],
      [3, 3],
      [4, 5],
    ]);
  });

  test("has the values of any position, in any order of asking", () => {
    const walk = new Walk(data(new Array<number>(300).fill(0)));
    for (const position of [300, 0, 64, 63, 65, 128, 3, 4, 299])
      expect(walk.valuesAt(position)).toEqual([String(position), position < 4 ? "" : "here"]);
  });

  test("knows what a step found and what it left of the thing that it names", () => {
    const { steps, things, ...rest } = data([0, 0, 0, 0]);
    const texts = ["load x", "t: cmpxchg x, 2", "schedule", "wakes late"];
    const named = new Walk({
      ...rest,
      things,
      steps: steps.map((step, i) => ({ ...step, what: texts[i]! })),
    });
    expect([0, 1, 2, 3].map((step) => named.access(step))).toEqual([
      { thing: 0, before: "0", after: "1" },
      { thing: 0, before: "1", after: "2" },
      undefined,
      { thing: 1, before: "", after: "here" },
    ]);
    const threads = things.map((thing) => ({ ...thing, group: "threads" }));
    const other = new Walk({
      ...rest,
      things: threads,
      steps: steps.map((step) => ({ ...step, what: "load x" })),
    });
    expect(other.access(0)).toBeUndefined();
  });

  test("finds the changes of a thing on both sides", () => {
    const walk = new Walk(data(new Array<number>(9).fill(0)));
    expect([walk.changeOf(1, 1), walk.changeOf(1, -1), walk.changeOf(0, 1)]).toEqual([4, undefined, 1]);
    walk.go(4);
    expect([walk.changeOf(1, 1), walk.changeOf(1, -1), walk.changeOf(0, -1)]).toEqual([
      undefined,
      undefined,
      3,
    ]);
    walk.go(9);
    expect([walk.changeOf(1, -1), walk.changeOf(0, 1)]).toEqual([4, undefined]);
  });
});
