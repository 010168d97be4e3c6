/** getcpu and membarrier. */
import { describe, expect, test } from "vitest";
import { addr, NULL } from "../../../src/atomics/address.ts";
import { EFAULT, ETIMEDOUT } from "../../../src/atomics/errno.ts";
import type { Coroutine } from "../../../src/atomics/step.ts";
import { holdInterruptsOff } from "../../../src/kernel-sim/smp/interrupts.ts";
import { createMachine } from "../../../src/machine.ts";
import { TRACE_CALL, TRACE_IDLE_EXIT, TRACE_IPI_SEND } from "../../../src/trace/events.ts";
import { boot, evaluate, priceOf, runMain, timed } from "../../support/boot.ts";
import { kernelAddress } from "../../support/inspect.ts";

const T = 1_000_000;

describe("getcpu", () => {
  const shape = { vcpus: 8, topology: { coresPerLlc: 2, llcsPerSocket: 2 } };

  test.each([0, 3, 4, 7])("on CPU %d says so, and which node that is", (cpu) => {
    const { machine } = boot(shape);
    const at = machine.allocate(8);
    let seen: unknown;
    machine.spawn(
      function* (env) {
        const result = yield* env.sys.getcpu(at, addr(at + 4));
        seen = [result, yield* env.memory.load32(at), yield* env.memory.load32(addr(at + 4))];
      },
      { affinity: [cpu] },
    );
    machine.run();
    expect(seen).toEqual([0, cpu, cpu >> 2]);
  });

  test("stores only what is wanted, and knows bad addresses", () => {
    const { value, machine } = runMain(function* (env, own) {
      const at = env.allocate(8);
      yield* env.memory.store32(at, 99);
      const none = yield* env.sys.getcpu(NULL);
      const untouched = yield* env.memory.load32(at);
      const bad = kernelAddress(own);
      return [none, untouched, yield* env.sys.getcpu(bad), yield* env.sys.getcpu(at, bad)];
    });
    expect(value).toEqual([0, 99, -EFAULT, -EFAULT]);
    expect(machine.kernel.live).toBe(0);
  });

  test("costs a system call", () => {
    const { value, machine } = runMain((env) => timed(env, env.sys.getcpu(env.allocate(4))));
    expect(value).toMatchObject({ ns: priceOf(machine, "syscallEntry", "syscallExit"), value: 0 });
  });
});

describe("membarrier", () => {
  test("without another CPU that runs a task costs a system call and the looks", () => {
    const { machine, value, log } = runMain((env) => timed(env, env.sys.membarrier()), { vcpus: 4 });
    const { syscallEntry, syscallExit, idleScan } = machine.costs.steps;
    expect(value).toEqual({ ns: syscallEntry + syscallExit + 3 * idleScan, value: 0 });
    expect(log.count({ kind: TRACE_IPI_SEND })).toBe(0);
  });

  test.each(["native", "guest"] as const)(
    "interrupts every CPU that runs one, and no idle one, for the price of an IPI there (%s)",
    (profile) => {
      const { machine, log } = boot({ vcpus: 3, tickHz: 0, profile });
      machine.spawn((env) => env.work(10 * T) as Coroutine<void>, { affinity: [1] });
      let result: unknown;
      machine.spawn(
        function* (env) {
          yield* env.work(T - env.now());
          result = yield* timed(env, env.sys.membarrier());
        },
        { affinity: [0] },
      );
      machine.run();
      const { syscallEntry, syscallExit, idleScan, cacheLine, ipiSend, ipiDeliver } = machine.costs.steps;
      const ns = syscallEntry + 2 * idleScan + cacheLine + ipiSend + ipiDeliver + 2 * cacheLine + syscallExit;
      expect(result).toEqual({ ns, value: 0 });
      expect(log.single({ kind: TRACE_CALL })).toMatchObject({ cpu: 1, arg1: 0 });
      expect(log.all({ kind: TRACE_IDLE_EXIT, cpu: 2 })).toEqual([]);
      machine.host.time.check();
    },
  );

  test("by all CPUs at once gets through", () => {
    const { machine, log } = boot({ vcpus: 40, tickHz: 0 });
    const results: number[] = [];
    for (let cpu = 0; cpu < 40; cpu++) {
      machine.spawn(
        function* (env) {
          yield* env.work(T - env.now());
          for (let turn = 0; turn < 3; turn++) results.push(yield* env.sys.membarrier());
        },
        { affinity: [cpu] },
      );
    }
    machine.run();
    expect(results).toEqual(Array(120).fill(0));
    expect(log.count({ kind: TRACE_CALL })).toBeGreaterThan(39 * 40);
    expect(machine.host.now).toBeLessThan(3 * T);
  });

  test("gives up on a CPU that does not answer for a second", () => {
    const { machine } = boot({ vcpus: 2, tickHz: 0 });
    machine.spawn(() => holdInterruptsOff(machine.kernel, 3_000_000_000), { affinity: [1] });
    let result = 0;
    machine.spawn(
      function* (env) {
        yield* env.work(T);
        result = yield* env.sys.membarrier();
      },
      { affinity: [0] },
    );
    machine.run();
    expect(result).toBe(-ETIMEDOUT);
  });

  test("needs no answer of a CPU that did not come up", () => {
    const config = { vcpus: 3, boot: { faults: { noTimer: [1] } } };
    expect(evaluate((env) => env.sys.membarrier(), config)).toBe(0);
    expect(createMachine(config).boot.ready).toEqual([0, 2]);
  });
});
