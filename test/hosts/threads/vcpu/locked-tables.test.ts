/** Tables that take locks, and that are guarded: one thread is CPU 0 of two. */
import { beforeEach, describe, expect, test } from "vitest";
import type { Addr } from "../../../../src/atomics/address.ts";
import { checkLocks } from "../../../../src/hosts/threads/vcpu/guarded-tables.ts";
import { VcpuHost } from "../../../../src/hosts/threads/vcpu/host.ts";
import { LockWords } from "../../../../src/hosts/threads/vcpu/lock-words.ts";
import { lockedTables } from "../../../../src/hosts/threads/vcpu/locked-tables.ts";
import { KernelSideMemory } from "../../../../src/hosts/threads/vcpu/memory.ts";
import { TASK_INTERRUPTIBLE, TASK_RUNNING, TASK_WAKING } from "../../../../src/kernel-sim/constants.ts";
import { cpuId, tid } from "../../../../src/kernel-sim/ids.ts";
import { Kernel } from "../../../../src/kernel-sim/kernel.ts";
import { bucketOf } from "../../../../src/kernel-sim/syscalls/futex.ts";
import { makeMainKernel } from "../../../../src/machine/threads/main-kernel.ts";
import { TraceRing } from "../../../../src/trace/ring.ts";

const FREE = 0;

/** Task 1 is current on CPU 0, task 2 belongs to CPU 1. */
function make(config = {}) {
  const size = { vcpus: 2, maxTasks: 8, userBytes: 1 << 16 };
  const main = makeMainKernel({ ...size, ...config, image: new URL("file:///none") });
  const host = new VcpuHost(main.shared, cpuId(0), 0);
  const kernel = new Kernel({
    config: main.kernel.config,
    trace: new TraceRing(1),
    nosleep: "refuse",
    attach: main.kernel.buffer,
    tables: lockedTables(host.lock),
    fault: () => () => {
      throw new Error("no faults here");
    },
  });
  host.attach(kernel, true);
  checkLocks(kernel, host.lock);
  kernel.current = tid(1);
  main.kernel.tasks.setCpu(2, 1);
  const locks = new LockWords(main.shared);
  const held = (word: number): boolean => locks.words[word] !== FREE;
  return { host, kernel, plain: main.kernel, locks, held };
}

type Made = ReturnType<typeof make>;

describe("what is touched has its lock taken:", () => {
  let made: Made;
  const queues = (): boolean[] => [0, 1].map((cpu) => made.held(made.locks.queue(cpu)));

  beforeEach(() => {
    made = make();
    made.host.share();
  });

  test("the queue of a task that is asked about, or whose state changes", () => {
    const { kernel, host } = made;
    kernel.fair.isQueued(2);
    expect(queues()).toEqual([false, true]);
    kernel.tasks.setState(1, TASK_INTERRUPTIBLE);
    expect(queues()).toEqual([true, false]);
    host.lock.endInner();
    kernel.tasks.setState(2, TASK_WAKING);
    expect(queues()).toEqual([false, true]);
  });

  test("the queue of a CPU that is sent to, or whose class changes something", () => {
    const { kernel, host } = made;
    for (const touch of [
      () => kernel.cpus.pending(1),
      () => kernel.cpus.wakeListTail(1),
      () => kernel.fair.enqueue(1, 2, 0, 5, false),
      () => kernel.fair.update(1, 0, 5),
      () => kernel.fair.pick(1, 0),
      () => kernel.fair.begin(1, 2, 5),
      () => kernel.fair.yieldCurrent(1, 2),
      () => kernel.fair.putBack(1, 2),
    ]) {
      host.lock.endInner();
      touch();
      expect(queues()).toEqual([false, true]);
    }
    host.lock.endInner();
    expect([kernel.fair.nrRunning(1), kernel.fair.isDelayed(2), kernel.fair.shared]).toEqual([
      1,
      false,
      false,
    ]);
    expect(queues()).toEqual([false, false]);
  });

  test("the bucket that is looked at, or that a task is on", () => {
    const { kernel, host, locks, held } = made;
    expect(kernel.waits.first(7)).toBe(0);
    expect([6, 7].map((bucket) => held(locks.bucket(bucket)))).toEqual([false, true]);
    host.lock.endInner();
    kernel.waits.add(9, 1);
    host.lock.endInner();
    expect(kernel.tasks.waitQueue(1)).toBe(10);
    expect(held(locks.bucket(9))).toBe(true);
    host.lock.endInner();
    kernel.waits.bothOf(30, 20);
    expect([20, 30].map((bucket) => held(locks.bucket(bucket)))).toEqual([true, true]);
    host.lock.endInner();
    kernel.waits.remove(1);
    expect(held(locks.bucket(9))).toBe(true);
    host.lock.endInner();
    // On none: there is nothing to hold.
    expect(kernel.tasks.waitQueue(1)).toBe(0);
    expect(held(locks.bucket(9))).toBe(false);
  });

  test("and only buckets of futexes have locks", () => {
    expect(() => made.kernel.waits.first(256)).toThrow("touches wait queue 256 without being alone");
  });

  test("alone, none", () => {
    const { kernel, host } = made;
    host.alone();
    kernel.tasks.setState(2, TASK_RUNNING);
    kernel.waits.first(300);
    kernel.pipes.create();
    expect(queues()).toEqual([false, false]);
    host.shareAgain();
    expect([host.lock.held, host.lock.isAlone]).toEqual([true, false]);
  });

  test("the idle mask is changed bit by bit", () => {
    const { kernel, plain } = made;
    kernel.cpus.setIdle(0, true);
    kernel.cpus.setIdle(1, true);
    kernel.cpus.setIdle(0, false);
    expect([0, 1].map((cpu) => plain.cpus.isIdle(cpu))).toEqual([false, true]);
  });
});

test.each([
  { fair: "fcfs" },
  { balance: { newIdle: true } },
  { balance: { periodic: true }, tickHz: 100 },
] as const)("a machine with %o is always alone", (config) => {
  const { host } = make(config);
  host.share();
  expect(host.lock.isAlone).toBe(true);
  host.shareAgain();
  expect(host.lock.isAlone).toBe(true);
});

test("the kernel changes a word of user memory with its bucket, if that is traced, until its next access", () => {
  for (const traced of [false, true]) {
    const { host, kernel, locks, held } = make();
    const memory = new KernelSideMemory(kernel.buffer as SharedArrayBuffer, host);
    kernel.trace.on = traced;
    host.share();
    memory.cmpxchg32(kernel.userBase, 0, 1);
    expect(held(locks.bucket(bucketOf(kernel.userBase)))).toBe(traced);
    memory.load32(kernel.userBase);
    expect(held(locks.bucket(bucketOf(kernel.userBase)))).toBe(false);
  }
});

describe("what is changed without a lock is a bug, by name:", () => {
  test.each<[string, (kernel: Kernel) => void, string]>([
    ["a pipe", (kernel) => kernel.pipes.create(), "pipes.create without being alone"],
    ["a page", (kernel) => kernel.pages.pin(4096 as Addr), "pages.pin without being alone"],
    ["another task", (kernel) => kernel.tasks.setWork(2, 0), "tasks.setWork of task 2 without being alone"],
    ["a CPU", (kernel) => kernel.cpus.setNeedResched(1, 1), "cpus.setNeedResched without the queue of CPU 1"],
    ["a place", (kernel) => kernel.tasks.setCpu(1, 0), "tasks.setCpu of task 1 without the lock of a queue"],
    ["a timer", (kernel) => kernel.timers.arm(1, 1, 0, 0), "timers.arm without being alone"],
    ["a clock", (kernel) => kernel.timers.setClockNs(1, 0), "timers.setClockNs without being alone"],
  ])("%s", (_, deed, what) => {
    const { host, kernel } = make();
    host.share();
    expect(() => deed(kernel)).toThrow(
      expect.objectContaining({
        code: "ERR_LOCK_ORDER",
        message: `kernel bug: CPU 0, task-1 (tid 1) touches ${what}; it holds the objects lock`,
      }),
    );
    host.alone();
    deed(kernel);
  });

  test("what is one's own is not", () => {
    const { host, kernel } = make();
    host.share();
    kernel.tasks.setWork(1, 0);
    kernel.timers.arm(1, 0, 5, 5);
    kernel.timers.cancel(1);
    kernel.cpus.pending(0);
    kernel.cpus.setNeedResched(0, 1);
    host.leaveKernel();
    expect(() => kernel.pipes.create()).toThrow("it holds nothing");
  });
});
