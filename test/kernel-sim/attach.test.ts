/** Kernels of several threads over one buffer: what one does, the others find. */
import { describe, expect, test } from "vitest";
import { prepareTask } from "../../src/kernel-sim/clone.ts";
import { EPOLL_CTL_ADD, EPOLLIN, NR_GETTID, SIGUSR1, SIGUSR2 } from "../../src/kernel-sim/constants.ts";
import { NO_HOOKS } from "../../src/kernel-sim/hooks.ts";
import { Kernel } from "../../src/kernel-sim/kernel.ts";
import { followClasses } from "../../src/kernel-sim/rt-balance.ts";
import { setScheduling } from "../../src/kernel-sim/set-scheduling.ts";
import { sendSignal } from "../../src/kernel-sim/signals.ts";
import { beginStop, OUTSIDE, STOP_ORDERLY } from "../../src/kernel-sim/smp/stop.ts";
import { createTimer, freeTimers } from "../../src/kernel-sim/timers.ts";
import { createMachine, type Machine, type MachineConfig } from "../../src/machine.ts";

/** Another kernel over the buffer of `machine`, on its host: no step is taken on it. */
function attach({ kernel }: Machine): Kernel {
  const other = new Kernel({
    config: kernel.config,
    trace: kernel.trace,
    nosleep: "refuse",
    attach: kernel.buffer,
    fault: () => () => {
      throw new Error("no access is made through this kernel");
    },
  });
  other.host = kernel.host;
  other.hooks = NO_HOOKS;
  return other;
}

function two(config: MachineConfig = {}): { machine: Machine; first: Kernel; second: Kernel } {
  const machine = createMachine({ vcpus: 2, maxTasks: 8, maxTimers: 3, ...config });
  return { machine, first: machine.kernel, second: attach(machine) };
}

describe("two kernels over one buffer", () => {
  test("making the second changes nothing", () => {
    const machine = createMachine({ vcpus: 3, fair: "eevdf-7.2" });
    machine.spawn(function* (env) {
      yield* env.sys.nanosleep(1000);
    });
    machine.run({ untilNs: 500 });
    const before = new Uint8Array(machine.kernel.buffer).slice();
    attach(machine);
    expect(Buffer.compare(new Uint8Array(machine.kernel.buffer), before)).toBe(0);
  });

  test.each(["virtual-time", "eevdf-6.12", "eevdf-7.2", "fcfs"] as const)("nor the queues of %s", (fair) => {
    const machine = createMachine({ vcpus: 2, fair });
    const order: number[] = [];
    for (let task = 0; task < 6; task++) {
      machine.spawn(function* (env) {
        yield* env.work(1000);
        order.push(env.tid);
      });
    }
    attach(machine);
    machine.run();
    expect(order).toHaveLength(6);
  });

  test("count the same tasks, and give out slots and memory from the same store", () => {
    const { machine, first, second } = two();
    const a = machine.spawn(function* () {});
    const b = prepareTask(second, {});
    expect([a, b, first.live, second.live, first.lastTid, second.lastTid]).toEqual([1, 2, 2, 2, 2, 2]);
    second.freeTid(b);
    for (let tid = 3; tid <= 8; tid++) first.allocateTid();
    expect(first.allocateTid()).toBe(b);
    const at = first.allocate(64, 64);
    expect(second.allocate(64, 64)).toBe(at + 64);
  });

  test("know what a task does with its signals, whoever has the handler", () => {
    const { machine, first, second } = two();
    const tid = machine.spawn(function* () {});
    first.dispositions.set(tid, SIGUSR1, "ignore");
    first.dispositions.set(tid, SIGUSR2, function* () {});
    sendSignal(second, tid, SIGUSR1);
    expect(second.tasks.sigPending(tid)).toBe(0);
    sendSignal(second, tid, SIGUSR2);
    expect(first.tasks.sigPending(tid)).toBe(1 << SIGUSR2);
    expect([
      second.dispositions.isHandled(tid, SIGUSR2),
      second.dispositions.isHandled(tid, SIGUSR1),
    ]).toEqual([true, false]);
    first.dispositions.forget(tid);
    expect(second.dispositions.isHandled(tid, SIGUSR2)).toBe(false);
  });

  test("share the timers of devices", () => {
    const { first, second } = two();
    const timers = [createTimer(first, () => {}), createTimer(second, () => {})];
    expect(new Set(timers).size).toBe(2);
    expect([freeTimers(first), freeTimers(second)]).toEqual([1, 1]);
  });

  test("know that calls are filtered, and files watched", () => {
    const { machine, second } = two();
    machine.spawn(function* (env) {
      const file = yield* env.sys.eventfd();
      const epoll = yield* env.sys.epollCreate();
      yield* env.sys.epollCtl(epoll, EPOLL_CTL_ADD, file, EPOLLIN);
      yield* env.sys.seccompNotify(NR_GETTID);
      yield* env.sys.nanosleep(1e9);
    });
    machine.run({ untilNs: 1e6 });
    expect([second.watches.count, second.seccomp.filtered]).toEqual([1, 1]);
  });

  test("know why the machine stops, and until when", () => {
    const { machine, first, second } = two();
    expect(second.record.stopDeadlineNs).toBe(Number.POSITIVE_INFINITY);
    beginStop(second, OUTSIDE, STOP_ORDERLY, "näher an 1000 Gründen".padEnd(300, "!"));
    expect(first.record.stopReason).toMatch(/^näher an 1000 Gründen!+$/);
    expect(first.record.stopReason.length).toBeLessThan(130);
    expect(first.record.stopDeadlineNs).toBe(1e9);
    expect(machine.stopped?.reason).toBe(first.record.stopReason);
  });

  test("know that there are real-time tasks", () => {
    const { machine, first, second } = two();
    const tid = machine.spawn(function* () {});
    setScheduling(first, tid, { policy: 1, nice: 0, priority: 5, sliceNs: 0 });
    expect(second.order).toBe(undefined);
    followClasses(second);
    expect(second.fair).toBe(second.order);
    expect(second.fair.isQueued(tid)).toBe(true);
  });
});

describe("the kernel's record", () => {
  test("adds up what tasks had whose slots have new owners", () => {
    const machine = createMachine({ vcpus: 1, maxTasks: 2 });
    machine.spawn(function* (env) {
      for (let child = 0; child < 3; child++)
        yield* env.sys.join(
          yield* env.spawn(function* (self) {
            yield* self.work(1000);
          }),
        );
    });
    const second = attach(machine);
    machine.run();
    expect(second.record.gone.runNs).toBeGreaterThan(2000);
    expect(machine.accounting().gone).toEqual(second.record.gone);
  });
});
