/** A run as a promise: the same run, in slices that can be counted, stopped and followed. */
import { describe, expect, test } from "vitest";
import { createMachine, type Progress } from "../../src/machine.ts";
import { busy, codeOf } from "./fixture.ts";

const ROUNDS = 2_000;

describe("a run in slices", () => {
  test("is the same run to the byte, however it is cut", async () => {
    const whole = busy(ROUNDS);
    const result = whole.machine.run();
    const digest = whole.hash.digest();
    for (const sliceMs of [1e-6, 0.3]) {
      const cut = busy(ROUNDS);
      const seen: Progress[] = [];
      expect(await cut.machine.runAsync({ sliceMs, onProgress: (progress) => seen.push(progress) })).toEqual(
        result,
      );
      expect(cut.hash.digest()).toBe(digest);
      expect(seen.length).toBeGreaterThan(0);
      const times = seen.map(({ virtualNs }) => virtualNs);
      expect(times).toEqual(times.toSorted((a, b) => a - b));
      for (const { live } of seen) expect(live).toBeGreaterThan(0);
    }
  });

  test("is the same where everything is free and loops stay at one instant", () => {
    const run = (pieces: boolean): unknown => {
      const { machine, hash } = busy(300, { profile: "ideal", tickHz: 0 });
      machine.spawn(function* (env) {
        for (let i = 0; i < 20_000; i++) yield* env.sys.schedYield();
      });
      const slices = machine.slices({ sliceMs: 1e-6 });
      const result = pieces ? [...slices].length > 100 : machine.run() !== undefined;
      expect(result).toBe(true);
      return [hash.digest(), machine.result()];
    };
    expect(run(true)).toEqual(run(false));
  });

  test("lets the event loop have its turns", async () => {
    const { machine } = busy(ROUNDS);
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    const seen: unknown[] = [];
    await machine.runAsync({ sliceMs: 1, onProgress: () => seen.push(turns) });
    clearInterval(timer);
    expect(turns).toBeGreaterThan(0);
    expect(seen.length).toBeGreaterThan(1);
  });

  test("ends at a time, and can be gone on with", async () => {
    const { machine } = busy(ROUNDS);
    expect((await machine.runAsync({ untilNs: 100_000 })).virtualNs).toBe(100_000);
    expect((await machine.runAsync()).virtualNs).toBe(busy(ROUNDS).machine.run().virtualNs);
  });

  test("by hand begins with the first slice and can be given up", () => {
    const { machine } = busy(ROUNDS);
    const slices = machine.slices({ sliceMs: 1e-6 });
    expect(machine.host.events).toBe(0);
    const first = slices.next();
    expect(first).toMatchObject({ done: false, value: { live: 2 } });
    expect(() => machine.run()).toThrow(expect.objectContaining({ code: "ERR_RUNNING" }));
    slices.return(undefined as never);
    expect(machine.run().virtualNs).toBe(busy(ROUNDS).machine.run().virtualNs);
  });

  test.each([0, -1, Number.NaN])("of %d ms is refused", async (sliceMs) => {
    await expect(createMachine().runAsync({ sliceMs })).rejects.toMatchObject({
      code: "ERR_CONFIG",
      message: `sliceMs must be more than 0, got ${sliceMs}`,
    });
  });
});

describe("a run as a promise", () => {
  test("rejects with what a program threw", async () => {
    const machine = createMachine();
    machine.spawn(
      function* () {
        throw new TypeError("no good");
      },
      { name: "bad" },
    );
    await expect(machine.runAsync()).rejects.toMatchObject({
      code: "ERR_PROGRAM_THREW",
      message: "bad (tid 1) threw: no good",
    });
  });

  test("rejects with ERR_DEADLOCK, and does not hold the machine", async () => {
    const machine = createMachine();
    const word = machine.allocate(4);
    machine.spawn((env) => env.sys.futexWait(word, 0));
    expect(await codeOf(machine.runAsync())).toBe("ERR_DEADLOCK");
    machine.spawn((env) => env.sys.futexWake(word));
    expect((await machine.runAsync()).virtualNs).toBeGreaterThan(0);
  });

  test("is aborted between two slices, with the signal's reason, and can be gone on with", async () => {
    const { machine, hash } = busy(ROUNDS);
    const reason = new Error("enough");
    const controller = new AbortController();
    const run = machine.runAsync({
      sliceMs: 1e-6,
      signal: controller.signal,
      onProgress: () => controller.abort(reason),
    });
    await expect(run).rejects.toBe(reason);
    expect(machine.kernel.live).toBe(2);
    const whole = busy(ROUNDS);
    expect(await machine.runAsync()).toEqual(whole.machine.run());
    expect(hash.digest()).toBe(whole.hash.digest());
  });

  test("with a signal that is aborted already does nothing", async () => {
    const { machine } = busy(1);
    await expect(machine.runAsync({ signal: AbortSignal.abort() })).rejects.toMatchObject({
      name: "AbortError",
    });
    expect(machine.host.events).toBe(0);
  });

  test("ends with what its progress callback throws", async () => {
    const { machine } = busy(ROUNDS);
    const onProgress = (): never => {
      throw new RangeError("told you");
    };
    await expect(machine.runAsync({ sliceMs: 1e-6, onProgress })).rejects.toThrow("told you");
    machine.run();
  });

  test("is alone", async () => {
    const { machine } = busy(ROUNDS);
    const first = machine.runAsync({ sliceMs: 1e-6 });
    expect(await codeOf(machine.runAsync())).toBe("ERR_RUNNING");
    expect(() => machine.run()).toThrow(expect.objectContaining({ code: "ERR_RUNNING" }));
    expect((await first).switches).toBeGreaterThan(0);
    machine.run();
  });

  test("cannot be begun from within a run", () => {
    const machine = createMachine();
    machine.spawn(function* (env) {
      yield* env.work(1);
      machine.run();
    });
    expect(() => machine.run()).toThrow(expect.objectContaining({ code: "ERR_RUNNING" }));
  });
});
