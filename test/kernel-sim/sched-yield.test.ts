/** sched_yield(2): who runs next. */
import { describe, expect, test } from "vitest";
import { TRACE_SCHED_SWITCH } from "../../src/trace/events.ts";
import type { Program } from "../../src/umcg/env.ts";
import { boot, priceOf, runMain, timed } from "../support/boot.ts";
import { taskOf } from "../support/inspect.ts";

describe("sched_yield", () => {
  test("alone costs a system call and switches to nobody", () => {
    const { machine, log, value } = runMain((env) => timed(env, env.sys.schedYield()));
    expect(value).toEqual({ ns: priceOf(machine, "syscallEntry", "syscallExit"), value: 0 });
    // In, and out to idle at the end.
    expect(log.count({ kind: TRACE_SCHED_SWITCH })).toBe(2);
    expect(taskOf(machine, 1)).toMatchObject({ involuntarySwitches: 0, voluntarySwitches: 1 });
  });

  test.each([2, 3, 7])("takes %d tasks round in the order they came", (count) => {
    const order: number[] = [];
    const { machine } = boot();
    const program = (index: number): Program =>
      function* (env) {
        for (let round = 0; round < 5; round++) {
          order.push(index);
          yield* env.sys.schedYield();
        }
      };
    const all = Array.from({ length: count }, (_, index) => index);
    for (const index of all) machine.spawn(program(index));
    machine.run();
    expect(order).toEqual(Array.from({ length: 5 }, () => all).flat());
  });

  test("lets everybody go first who waits, even a task that has run far longer", () => {
    const order: string[] = [];
    const { machine } = boot({ tickHz: 0 });
    machine.spawn(function* (env) {
      yield* env.work(10_000_000);
      for (let i = 0; i < 3; i++) {
        order.push("worked");
        yield* env.sys.schedYield();
      }
    });
    machine.spawn(function* (env) {
      for (let i = 0; i < 3; i++) {
        order.push("fresh");
        yield* env.sys.schedYield();
      }
    });
    machine.run();
    expect(order).toEqual(["worked", "fresh", "worked", "fresh", "worked", "fresh"]);
  });

  test("costs a switch when somebody waits, and counts as involuntary", () => {
    const { machine } = boot({ tickHz: 0 });
    const took: number[] = [];
    const program: Program = function* (env) {
      took.push((yield* timed(env, env.sys.schedYield())).ns);
    };
    const first = machine.spawn(program);
    machine.spawn(program);
    machine.run();
    const { syscallEntry, syscallExit, switch: change, block } = machine.costs.steps;
    // Out, the other's whole way there, and back.
    expect(took[0]).toBe(syscallEntry + change + syscallEntry + change + syscallExit);
    expect(took[1]).toBe(syscallEntry + change + syscallExit + block + change + syscallExit);
    expect(taskOf(machine, first)).toMatchObject({ involuntarySwitches: 1, voluntarySwitches: 1 });
  });
});
