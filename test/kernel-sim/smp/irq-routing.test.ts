/** Device interrupts: which CPU takes them, that they can be moved, and that none is lost or multiplied. */
import { describe, expect, test } from "vitest";
import type { Coroutine } from "../../../src/atomics/step.ts";
import { TASK_NORMAL } from "../../../src/kernel-sim/constants.ts";
import { holdInterruptsOff } from "../../../src/kernel-sim/smp/interrupts.ts";
import { raiseIrq, requestIrq, setIrqAffinity } from "../../../src/kernel-sim/smp/irq-routing.ts";
import { MAX_IRQS } from "../../../src/kernel-sim/smp/irq-table.ts";
import { armTimer, createTimer } from "../../../src/kernel-sim/timers.ts";
import { tryToWakeUp } from "../../../src/kernel-sim/wakeup.ts";
import type { Machine, MachineConfig } from "../../../src/machine.ts";
import { boot, errorOf, priceOf } from "../../support/boot.ts";
import { sleepNow } from "../../support/kernel-code.ts";

const T = 1_000_000;

interface Device {
  readonly machine: Machine;
  readonly line: number;
  /** Where and when its handler ran. */
  readonly ran: { readonly cpu: number; readonly at: number; readonly current: number }[];
}

function device(config: MachineConfig = {}): Device {
  const { machine } = boot({ vcpus: 4, tickHz: 0, ...config });
  const { kernel } = machine;
  const ran: { cpu: number; at: number; current: number }[] = [];
  const line = requestIrq(kernel, () =>
    ran.push({ cpu: kernel.cpu, at: kernel.host.now, current: kernel.current }),
  );
  return { machine, line, ran };
}

/** A task on `cpu` that makes a request at T, which the device answers at once. */
function request({ machine, line }: Device, cpu: number): void {
  machine.spawn(
    function* (env) {
      yield* env.work(T - env.now());
      raiseIrq(machine.kernel, line, env.cpu());
      yield* env.work(T);
    },
    { affinity: [cpu] },
  );
}

describe("a device interrupt", () => {
  test.each([0, 1, 3])("goes to the CPU that made the request, %d", (cpu) => {
    const own = device();
    request(own, cpu);
    own.machine.run();
    expect(own.ran).toEqual([{ cpu, at: T + priceOf(own.machine, "ipiDeliver"), current: 0 }]);
    expect(own.machine.kernel.smp.irqs.count(own.line)).toBe(1);
  });

  test("can be directed to another CPU, which is woken for it, and back", () => {
    const own = device();
    const { kernel } = own.machine;
    setIrqAffinity(kernel, own.line, 2);
    request(own, 0);
    own.machine.run();
    expect(own.ran).toMatchObject([{ cpu: 2 }]);
    setIrqAffinity(kernel, own.line, undefined);
    expect(raiseIrq(kernel, own.line, 1)).toBe("raised");
    own.machine.host.run();
    expect(own.ran.map(({ cpu }) => cpu)).toEqual([2, 1]);
  });

  test("to a CPU with interrupts off waits for them; one that is directed elsewhere does not (S35)", () => {
    for (const [affinity, cpu] of [
      [undefined, 0],
      [1, 1],
    ] as const) {
      const own = device();
      const { machine } = own;
      setIrqAffinity(machine.kernel, own.line, affinity);
      machine.spawn(
        function* (env) {
          yield* env.work(T - env.now());
          yield* holdInterruptsOff(machine.kernel, 5 * T);
        },
        { affinity: [0] },
      );
      machine.run({ untilNs: 2 * T });
      raiseIrq(machine.kernel, own.line, 0);
      const raised = machine.host.now;
      machine.run();
      expect(own.ran).toMatchObject([{ cpu }]);
      if (cpu === 0) expect(own.ran[0]!.at).toBe(6 * T);
      else expect(own.ran[0]!.at - raised).toBe(priceOf(machine, "ipiDeliver"));
    }
  });

  test("raised again before its handler ran is one interrupt (S10)", () => {
    const own = device();
    const { machine, line } = own;
    const results: string[] = [];
    machine.spawn(() => holdInterruptsOff(machine.kernel, T), { affinity: [0] });
    machine.run({ untilNs: T / 2 });
    for (let n = 0; n < 1_000; n++) results.push(raiseIrq(machine.kernel, line, 0));
    machine.run();
    expect(own.ran).toHaveLength(1);
    expect(results.filter((result) => result === "raised")).toHaveLength(1);
  });

  test("wakes a task: the request is answered where it was made", () => {
    const own = device();
    const { machine } = own;
    const { kernel } = machine;
    let answered: unknown;
    const sleeper = machine.spawn(
      function* (env) {
        yield* env.work(T);
        const timer = createTimer(kernel, () => raiseIrq(kernel, line, 3));
        armTimer(kernel, timer, 0, env.now() + 30_000);
        yield* sleepNow(machine, env.tid);
        answered = [env.cpu(), env.now()];
      },
      { affinity: [3] },
    );
    const line = requestIrq(kernel, () => {
      own.ran.push({ cpu: kernel.cpu, at: kernel.host.now, current: 0 });
      tryToWakeUp(kernel, sleeper, TASK_NORMAL, 0);
    });
    machine.run();
    expect(own.ran).toMatchObject([{ cpu: 3 }]);
    expect(answered).toMatchObject([3, expect.any(Number)]);
  });

  test("is taken by the lowest CPU that is up, when the one it is meant for is not; then by none", () => {
    const own = device({ boot: { faults: { noThread: [2] } } });
    const { machine, line } = own;
    setIrqAffinity(machine.kernel, line, 2);
    expect(raiseIrq(machine.kernel, line, 3)).toBe("raised");
    machine.host.run();
    expect(own.ran).toMatchObject([{ cpu: 0 }]);
    machine.halt();
    expect(raiseIrq(machine.kernel, line, 3)).toBe("lost");
  });

  test("several at a time are one interrupt, their handlers run in order of their lines", () => {
    const { machine } = boot({ vcpus: 2, tickHz: 0 });
    const { kernel } = machine;
    const order: number[] = [];
    const lines = [0, 1, 2].map(() => requestIrq(kernel, (line) => order.push(line)));
    const results = [...lines].reverse().map((line) => raiseIrq(kernel, line, 1));
    machine.spawn((env) => env.work(T) as Coroutine<void>, { affinity: [0] });
    machine.run();
    expect(order).toEqual([0, 1, 2]);
    expect(results).toEqual(["raised", "coalesced", "coalesced"]);
  });
});

describe("what cannot be is refused", () => {
  test("a line that is not there, a CPU that is not there, a line too many", () => {
    const { machine, line } = device();
    const { kernel } = machine;
    expect(errorOf(() => raiseIrq(kernel, line + 1, 0))).toMatchObject({
      code: "ERR_CONFIG",
      message: "no interrupt line 1",
    });
    for (const cpu of [-1, 4, 0.5]) {
      expect(errorOf(() => setIrqAffinity(kernel, line, cpu))).toMatchObject({
        message: `an interrupt goes to a CPU from 0 to 3, got ${cpu}`,
      });
    }
    for (let more = 1; more < MAX_IRQS; more++) requestIrq(kernel, () => {});
    expect(errorOf(() => requestIrq(kernel, () => {}))).toMatchObject({
      message: "no interrupt line left: there are 64",
    });
  });
});
