/** The deterministic host of host operations: the table's contracts, and what its driver says when nothing goes on. */
import { describe, expect, test } from "vitest";
import { addr } from "../../../src/atomics/address.ts";
import { LocalMemory } from "../../../src/atomics/local-memory.ts";
import { CoroutineHost } from "../../../src/hosts/coroutine/index.ts";
import type { HostEntry } from "../../../src/kernel-sim/lkl/host/host-operations.ts";
import { layOutHost } from "../../../src/kernel-sim/lkl/host/layout.ts";
import { FOREVER } from "../../../src/kernel-sim/times.ts";
import { image, PROGRAM_BYTES, scenarios, timerOrder, waits } from "../../support/host-programs.ts";

function makeHost(print?: (text: string) => void): CoroutineHost {
  const layout = layOutHost(64 + PROGRAM_BYTES, { threads: 8, keys: 4, timers: 8, heapBytes: 4096 });
  const memory = new LocalMemory(new ArrayBuffer(layout.end));
  return new CoroutineHost({ memory, layout, image, ...(print === undefined ? {} : { print }) });
}

describe("the table of host operations, as coroutines", () => {
  test.each(Object.entries<HostEntry>(scenarios))("%s", (_, scenario) => {
    makeHost().run(scenario);
  });

  test("timers expire in the order of their deadlines", () => {
    makeHost().run(timerOrder);
  });

  test("what a thread throws is printed", () => {
    const lines: string[] = [];
    makeHost((text) => lines.push(text)).run(scenarios.threads);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^host thread 2 threw: Error: on purpose/);
  });

  test("nobody can go on: it says who waits for what", () => {
    const host = makeHost();
    const stuck: HostEntry = function* (ops) {
      const sem = yield* ops.semAlloc(0);
      yield* ops.semDown(sem, FOREVER);
    };
    expect(() => host.run(stuck)).toThrow(
      expect.objectContaining({
        code: "ERR_HOST_STUCK",
        message: expect.stringMatching(/every thread waits for ever: thread 1 for the word at 0x/),
      }),
    );
  });

  test("a panic ends the run", () => {
    const panics: HostEntry = function* (ops) {
      yield* ops.words.memory.load32(addr(64));
      ops.panic("it is over");
    };
    const lines: string[] = [];
    expect(() => makeHost((text) => lines.push(text)).run(panics)).toThrow(
      expect.objectContaining({ code: "ERR_HOST_PANIC", message: "it is over" }),
    );
    expect(lines).toEqual(["it is over"]);
  });

  test("a function that is not in the image cannot become a thread", () => {
    const stranger: HostEntry = function* () {};
    const program: HostEntry = function* (ops) {
      yield* ops.threadCreate(stranger, 0);
    };
    expect(() => makeHost().run(program)).toThrow(expect.objectContaining({ code: "ERR_HOST_ENTRY" }));
  });

  test("there are as many threads as the layout has slots", () => {
    const made: number[] = [];
    makeHost().run(function* (ops) {
      yield* ops.words.memory.store32(addr(64), yield* ops.semAlloc(0));
      for (let i = 0; i < 8; i++) made.push(yield* ops.threadCreate(waits, 0));
    });
    expect(made.slice(0, 7).every((thread) => thread > 0)).toBe(true);
    expect(made[7]).toBe(-11);
  });

  test.each([
    ["threads", { threads: 1 }],
    ["keys", { keys: 0 }],
    ["timers", { timers: 1.5 }],
    ["heapBytes", { heapBytes: 8 }],
  ])("sizes are checked: %s", (name, sizes) => {
    expect(() => layOutHost(64, sizes)).toThrow(
      expect.objectContaining({ code: "ERR_HOST_LAYOUT", message: expect.stringContaining(name) }),
    );
    expect(() => layOutHost(4)).toThrow(/base/);
  });
});
