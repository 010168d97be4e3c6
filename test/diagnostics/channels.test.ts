/** What an observer sees of machines and explorations, and that nothing comes of it for them. */
import { subscribe, tracingChannel, unsubscribe } from "node:diagnostics_channel";
import { afterEach, describe, expect, test } from "vitest";
import {
  type Bare,
  bareProgram,
  Exploration,
  type ExploreResult,
  explore,
  type Finding,
} from "../../src/explore/index.ts";
import { createMachine, type Machine, type RunResult } from "../../src/index.ts";

const leave: (() => void)[] = [];
afterEach(() => {
  for (const end of leave.splice(0)) end();
});

interface RunMessage {
  readonly machine: Machine;
  readonly result?: RunResult;
  readonly error?: unknown;
}

/** Every event of a run, in order. */
function watchRuns(): [string, RunMessage][] {
  const seen: [string, RunMessage][] = [];
  const note = (what: string) => (message: unknown) => void seen.push([what, { ...(message as RunMessage) }]);
  const handlers = {
    start: note("start"),
    end: note("end"),
    error: note("error"),
    asyncStart: () => {},
    asyncEnd: () => {},
  };
  const channel = tracingChannel("umcg:run");
  channel.subscribe(handlers);
  leave.push(() => channel.unsubscribe(handlers));
  return seen;
}

function watch(name: string): unknown[] {
  const seen: unknown[] = [];
  const listener = (message: unknown): void => void seen.push(message);
  subscribe(name, listener);
  leave.push(() => unsubscribe(name, listener));
  return seen;
}

const lostUpdate = (bare: Bare): void => {
  const x = bare.word();
  for (const name of ["a", "b"]) {
    bare.thread(function* () {
      yield* bare.store32(x, (yield* bare.load32(x)) + 1);
    }, name);
  }
  bare.atEnd(() => bare.check(bare.peek32(x) === 2, "an update was lost"));
};

describe("a run of a machine", () => {
  test("is told of when it begins and when it ends, with what came of it", () => {
    const seen = watchRuns();
    const machine = createMachine({ vcpus: 1 });
    machine.spawn(function* (env) {
      yield* env.work(1000);
    });
    const result = machine.run();
    expect(seen.map(([what]) => what)).toEqual(["start", "end"]);
    expect(seen.every(([, message]) => message.machine === machine)).toBe(true);
    expect(seen[1]![1].result).toEqual(result);
  });

  test("that fails is told of with the error, which is thrown all the same", () => {
    const seen = watchRuns();
    const machine = createMachine({ vcpus: 1 });
    const word = machine.allocate(4);
    machine.spawn(function* (env) {
      yield* env.sys.futexWait(word, 0);
    });
    expect(() => machine.run()).toThrow(/deadlock/);
    expect(seen.map(([what]) => what)).toEqual(["start", "error", "end"]);
    expect(seen[1]![1].error).toMatchObject({ code: "ERR_DEADLOCK" });
  });
});

describe("an exploration", () => {
  test("tells of what it finds, and of its end", () => {
    const violations = watch("umcg:explore:violation");
    const ends = watch("umcg:explore:end");
    const result = explore(lostUpdate);
    expect(violations).toEqual(result.violations);
    expect((violations[0] as Finding).message).toBe("an update was lost");
    expect(ends).toEqual([result]);
  });

  test("tells of its end once, when it is given up too", () => {
    const ends = watch("umcg:explore:end");
    const exploration = new Exploration(bareProgram(lostUpdate), { stopAtFirst: false });
    exploration.advance(() => true);
    exploration.interrupt();
    exploration.interrupt();
    expect((ends as ExploreResult[]).map(({ stopped }) => stopped)).toEqual(["interrupted"]);
  });
});
