import { describe, expect, test } from "vitest";
import { bareProgram, kernelProgram, replay } from "../../src/explore/index.ts";
import { type ToldReplay, tell } from "../../src/explore/told.ts";
import { configOf, SCENARIOS } from "../hosts/explore/flaws/index.ts";

/** Of the named thing, after each step. */
function valuesOf(told: ToldReplay, name: string): string[] {
  const thing = told.things.findIndex((candidate) => candidate.name === name);
  let value = told.things[thing]!.initial;
  return told.steps.map(({ changes }) => {
    for (const [changed, now] of changes) if (changed === thing) value = now;
    return value;
  });
}

const lostUpdate = bareProgram((bare) => {
  const x = bare.word(0, "x");
  bare.word(7);
  const m = bare.mutex("m");
  for (const name of ["a", "b"]) {
    bare.thread(function* () {
      const seen = yield* bare.load32(x);
      yield* bare.store32(x, seen + 1);
      yield* bare.lock(m);
      yield* bare.unlock(m);
    }, name);
  }
  bare.atEnd(() => bare.check(bare.peek32(x) === 2, "an update was lost"));
});

describe("an interleaving of a bare program, told", () => {
  const told = tell(lostUpdate, "0 1*3 0 1 0*2");

  test("has the steps, preemptions and violation of its replay", () => {
    const { steps, preemptions, violation } = replay(lostUpdate, "0 1*3 0 1 0*2", { bestEffort: true });
    expect(told.steps.slice(0, 4).map(({ actor, name, what }) => ({ actor, name, what }))).toEqual(
      steps.slice(0, 4),
    );
    expect(told.preemptions).toBe(preemptions);
    expect([told.violation?.message, violation?.message]).toEqual([
      "an update was lost",
      "an update was lost",
    ]);
    expect(told.violatedAfter).toBe(told.steps.length);
    expect(told.steps.filter(({ preempts }) => preempts)).toHaveLength(preemptions);
  });

  test("shows words, locks and threads after each step", () => {
    expect(valuesOf(told, "x").slice(0, 5)).toEqual(["0", "0", "1", "1", "1"]);
    expect(valuesOf(told, "m").slice(2, 5)).toEqual(["free", "held by b", "held by b"]);
    expect(valuesOf(told, "a").slice(0, 1)).toEqual(["before: store x, 1"]);
    expect(valuesOf(told, "a")[4]).toBe("blocked: lock m");
    expect(valuesOf(told, "b").at(-1)).toBe("ended");
  });

  test("leaves out what has no name and is 0, and keeps what is not", () => {
    const words = told.things.filter(({ group }) => group === "words");
    expect(words.map(({ initial }) => initial)).toEqual(["0", "7"]);
  });
});

test("a thread that is begun on the way is there from then on", () => {
  const spawner = bareProgram((bare) => {
    const x = bare.word(0, "x");
    bare.thread(function* () {
      const child = yield* bare.spawn(function* () {
        yield* bare.store32(x, 1);
      });
      yield* bare.join(child);
    }, "parent");
  });
  const told = tell(spawner, "0 1 0");
  expect(told.things.filter(({ group }) => group === "threads").map(({ initial }) => initial)).toEqual([
    "before: spawn",
    "not there",
  ]);
});

test("an assertion within a body is known to be of its step", () => {
  const throws = bareProgram((bare) => {
    const x = bare.word(0, "x");
    bare.thread(function* () {
      const seen = yield* bare.load32(x);
      bare.check(seen === 1, "too early");
    }, "a");
    bare.thread(function* () {
      yield* bare.store32(x, 1);
    }, "b");
  });
  const told = tell(throws, "0 1");
  expect([told.violation?.message, told.violatedAfter, told.steps.length]).toEqual(["a: too early", 1, 2]);
});

describe("an interleaving of the kernel, told", () => {
  const scenario = SCENARIOS.find(({ id }) => id === "F2")!;
  const told = tell(kernelProgram(scenario.setup, configOf(scenario, "posted")), "0*18 1*18 2*17 0*9 2*2");

  test("names the words of records and decodes state words", () => {
    expect(told.violation?.invariant).toBe("I29");
    expect([...new Set(valuesOf(told, "S.state"))]).toEqual(["0x0 (NONE)", "0x1 (RUNNING)", "0x2 (IDLE)"]);
    expect(told.steps.some(({ what }) => what.includes("Q.idle_servers_ptr"))).toBe(true);
    expect(told.things.some(({ name }) => name === "W.server_tid")).toBe(false);
  });

  test("says where tasks are", () => {
    expect(valuesOf(told, "cpu0")[0]).toBe("runs Q");
    const server = valuesOf(told, "S");
    expect(server).toContain("on cpu1 (server)");
    expect(server).toContain("on cpu1 (server), falls asleep");
    expect(valuesOf(told, "W").at(-1)).toBe("on cpu2 (worker), falls asleep");
  });
});
