/** The end of a machine: what is torn down, in which order, and what may be asked for afterwards. */
import { describe, expect, test } from "vitest";
import { createMachine, type Machine, type Tenant } from "../../src/machine.ts";
import { TRACE_CPU_STATE } from "../../src/trace/events.ts";
import { boot } from "../support/boot.ts";
import { busy, codeOf } from "./fixture.ts";

/** A tenant whose closing takes a task of `ns`; what happens is noted in `notes`. */
function tenant(machine: Machine, name: string, notes: string[], ns = 1_000): Tenant {
  const own = {
    closed: false,
    close(): void {
      notes.push(`${name} closes`);
      machine.userSpace.start(function* (env) {
        yield* env.sys.nanosleep(ns);
        own.closed = true;
        notes.push(`${name} closed`);
      });
    },
  };
  return own;
}

describe("disposing of a machine", () => {
  test("closes its tenants, the last one first, stops its CPUs and delivers its trace", async () => {
    const { machine, log } = boot({ vcpus: 2 });
    const notes: string[] = [];
    machine.adopt(tenant(machine, "first", notes));
    machine.adopt(tenant(machine, "second", notes));
    machine.spawn((env) => env.sys.nanosleep(1e12));
    await machine[Symbol.asyncDispose]();
    expect(notes).toEqual(["second closes", "second closed", "first closes", "first closed"]);
    expect(machine.stopped).toMatchObject({ how: "orderly", stopped: [0, 1], stragglers: [] });
    expect(machine.stopped?.alive.map(({ reason }) => reason)).toEqual(["nanosleep"]);
    expect(log.count({ kind: TRACE_CPU_STATE })).toBeGreaterThan(0);
    expect(log.events.at(-1)).toEqual(machine.trace.last(1)[0]);
  });

  test("gives a tenant a second of virtual time, then discards it", async () => {
    const { machine } = boot();
    const notes: string[] = [];
    machine.adopt(tenant(machine, "slow", notes, 1e12));
    machine.adopt(tenant(machine, "quick", notes));
    await machine[Symbol.asyncDispose]();
    expect(notes).toEqual(["quick closes", "quick closed", "slow closes"]);
    expect(machine.host.now).toBeGreaterThanOrEqual(1e9);
    expect(machine.host.now).toBeLessThan(2e9);
    expect(machine.stopped?.alive).toHaveLength(1);
  });

  test("can be asked for twice, at once and later", async () => {
    const { machine } = busy(10);
    const first = machine[Symbol.asyncDispose]();
    expect(machine[Symbol.asyncDispose]()).toBe(first);
    await first;
    const { now } = machine.host;
    await machine[Symbol.asyncDispose]();
    expect(machine.host.now).toBe(now);
  });

  test("leaves a machine that can be read and not run", async () => {
    const { machine } = busy(10);
    const { virtualNs } = machine.run();
    await machine[Symbol.asyncDispose]();
    expect(machine.result().virtualNs).toBeGreaterThanOrEqual(virtualNs);
    expect(machine.accounting().cpus).toHaveLength(2);
    const disposed = expect.objectContaining({
      code: "ERR_DISPOSED",
      message: "the machine has been disposed of",
    });
    expect(() => machine.run()).toThrow(disposed);
    expect(() => machine.spawn((env) => env.sys.gettid())).toThrow(disposed);
    expect(() => machine.adopt({ close() {}, closed: true })).toThrow(disposed);
    expect(await codeOf(machine.runAsync())).toBe("ERR_DISPOSED");
  });

  test("ends a run in slices", async () => {
    const { machine } = busy(2_000);
    const run = machine.runAsync({ sliceMs: 1e-6 });
    await Promise.all([machine[Symbol.asyncDispose](), expect(codeOf(run)).resolves.toBe("ERR_DISPOSED")]);
    expect(machine.stopped?.alive).toHaveLength(2);
  });

  test("is refused from within a run, and possible after it", async () => {
    const machine = createMachine();
    let refused: Promise<void> | undefined;
    let closing: Promise<void> | undefined;
    const close = machine.adopt({ close() {}, closed: true });
    machine.spawn(function* (env) {
      yield* env.work(1);
      refused = machine[Symbol.asyncDispose]();
      closing = close();
    });
    machine.run();
    expect(await codeOf(refused!)).toBe("ERR_RUNNING");
    expect(await codeOf(closing!)).toBe("ERR_RUNNING");
    await machine[Symbol.asyncDispose]();
  });

  test("runs a machine that failed no further, but delivers its trace", async () => {
    const { machine, log } = boot();
    const notes: string[] = [];
    machine.adopt(tenant(machine, "tenant", notes));
    machine.spawn(function* () {
      throw new Error("no good");
    });
    expect(() => machine.run()).toThrow("no good");
    const { now } = machine.host;
    await machine[Symbol.asyncDispose]();
    expect([notes, machine.host.now, machine.stopped]).toEqual([[], now, undefined]);
    expect(log.events.at(-1)).toEqual(machine.trace.last(1)[0]);
  });

  test("goes on when a tenant fails, and rejects with the first error at its end", async () => {
    const { machine, log } = boot();
    const notes: string[] = [];
    machine.adopt(tenant(machine, "first", notes));
    machine.adopt({
      closed: false,
      close: () => {
        throw new RangeError("cannot close");
      },
    });
    await expect(machine[Symbol.asyncDispose]()).rejects.toThrow("cannot close");
    expect(notes).toEqual(["first closes", "first closed"]);
    expect(machine.stopped?.how).toBe("orderly");
    expect(log.events.at(-1)).toEqual(machine.trace.last(1)[0]);
  });
});

describe("closing a tenant by itself", () => {
  test("happens once, and the machine goes on", async () => {
    const { machine } = boot();
    const notes: string[] = [];
    const close = machine.adopt(tenant(machine, "tenant", notes));
    await Promise.all([close(), close()]);
    await close();
    machine.spawn((env) => env.sys.nanosleep(1_000));
    machine.run();
    await machine[Symbol.asyncDispose]();
    expect(notes).toEqual(["tenant closes", "tenant closed"]);
  });

  test("is nothing to one that has closed", async () => {
    const { machine } = boot();
    await machine.adopt({
      closed: true,
      close: () => {
        throw new Error("why");
      },
    })();
    expect(machine.host.events).toBe(0);
  });
});
