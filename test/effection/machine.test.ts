/** Machines and their runs in effection's scopes: results, errors, halts, and the order of the end. */
import { ensure, run, scoped, sleep, spawn, suspend } from "effection";
import { describe, expect, test } from "vitest";
import { runMachine, useMachine } from "../../src/effection/index.ts";
import type { Machine } from "../../src/machine.ts";
import { busy } from "../machine/fixture.ts";

/** Notes its end, which takes a ms of virtual time. */
function adopt(machine: Machine, name: string, notes: string[]): void {
  const tenant = {
    closed: false,
    close(): void {
      machine.userSpace.start(function* (env) {
        yield* env.sys.nanosleep(1_000_000);
        tenant.closed = true;
        notes.push(name);
      });
    },
  };
  machine.adopt(tenant);
}

describe("a machine as a resource", () => {
  test("runs, gives its result, and ends with its scope", async () => {
    const kept: Machine[] = [];
    const result = await run(function* () {
      const machine = yield* useMachine({ vcpus: 2 });
      kept.push(machine);
      machine.spawn((env) => env.sys.nanosleep(5_000));
      return yield* runMachine(machine);
    });
    expect(result.virtualNs).toBeGreaterThan(5_000);
    expect(kept[0]?.stopped).toMatchObject({ how: "orderly", alive: [] });
  });

  test("that cannot be made is an error of the scope", async () => {
    const task = run(function* () {
      yield* useMachine({ vcpus: 0 });
    });
    await expect(task).rejects.toMatchObject({ code: "ERR_CONFIG" });
  });

  test("an error of a program can be caught where it runs, and the machine ends all the same", async () => {
    const kept: Machine[] = [];
    const code = await run(function* () {
      try {
        return yield* scoped(function* () {
          const machine = yield* useMachine();
          kept.push(machine);
          machine.spawn(function* () {
            throw new Error("no good");
          });
          return (yield* runMachine(machine)).virtualNs;
        });
      } catch (error) {
        return (error as { code?: string }).code;
      }
    });
    expect(code).toBe("ERR_PROGRAM_THREW");
    expect(() => kept[0]!.run()).toThrow(expect.objectContaining({ code: "ERR_DISPOSED" }));
  });

  test("halted in the middle of a run is torn down, inner scopes first, before the halt returns", async () => {
    const notes: string[] = [];
    const kept: Machine[] = [];
    let slices = 0;
    const task = run(function* () {
      const outer = yield* useMachine();
      adopt(outer, "outer machine", notes);
      yield* ensure(() => {
        notes.push("outer scope");
      });
      yield* scoped(function* () {
        const inner = yield* useMachine();
        kept.push(outer, inner);
        adopt(inner, "inner machine", notes);
        inner.spawn(function* (env) {
          for (;;) yield* env.sys.nanosleep(1_000);
        });
        yield* spawn(function* () {
          yield* ensure(() => {
            notes.push("child");
          });
          yield* suspend();
        });
        yield* runMachine(inner, { sliceMs: 1e-6, onProgress: () => slices++ });
      });
    });
    while (slices < 5) await new Promise((resolve) => setImmediate(resolve));
    await task.halt();
    const after = slices;
    expect(notes).toEqual(["child", "inner machine", "outer scope", "outer machine"]);
    expect(kept.map(({ stopped }) => stopped?.how)).toEqual(["orderly", "orderly"]);
    expect(kept[1]?.stopped?.alive).toHaveLength(1);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(slices).toBe(after);
    await expect(task).rejects.toThrow("halted");
  });
});

describe("a run as an operation", () => {
  test("is the same run to the byte, and tells how far it is", async () => {
    const whole = busy(1_000);
    const expected = whole.machine.run();
    const { machine, hash } = busy(1_000);
    const times: number[] = [];
    const result = await run(() =>
      runMachine(machine, { sliceMs: 1e-6, onProgress: ({ virtualNs }) => times.push(virtualNs) }),
    );
    expect(result).toEqual(expected);
    expect(hash.digest()).toBe(whole.hash.digest());
    expect(times.length).toBeGreaterThan(10);
  });

  test("lets other operations run beside it", async () => {
    const { machine } = busy(2_000);
    let ticks = 0;
    await run(function* () {
      yield* spawn(function* () {
        for (;;) {
          yield* sleep(0);
          ticks++;
        }
      });
      yield* runMachine(machine, { sliceMs: 1 });
    });
    expect(ticks).toBeGreaterThan(0);
  });

  test("halted leaves a machine that can be run on", async () => {
    const { machine, hash } = busy(1_000);
    let slices = 0;
    const task = run(() => runMachine(machine, { sliceMs: 1e-6, onProgress: () => slices++ }));
    while (slices < 3) await new Promise((resolve) => setImmediate(resolve));
    await task.halt();
    expect(machine.kernel.live).toBe(2);
    const whole = busy(1_000);
    expect(machine.run()).toEqual(whole.machine.run());
    expect(hash.digest()).toBe(whole.hash.digest());
  });

  test("fails with what its progress callback throws", async () => {
    const { machine } = busy(1_000);
    const onProgress = (): never => {
      throw new RangeError("told you");
    };
    await expect(run(() => runMachine(machine, { sliceMs: 1e-6, onProgress }))).rejects.toThrow("told you");
    machine.run();
  });
});
