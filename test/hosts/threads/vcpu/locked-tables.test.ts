/** Tables that take locks, and that are guarded: one thread is CPU 0 of two. */
import { beforeEach, describe, expect, test } from "vitest";
import type { Addr } from "../../../../src/atomics/address.ts";
import { KernelSideMemory } from "../../../../src/hosts/threads/vcpu/memory.ts";
import {
  EPOLLIN,
  EPOLLOUT,
  SIGKILL,
  TASK_INTERRUPTIBLE,
  TASK_RUNNING,
  TASK_WAKING,
} from "../../../../src/kernel-sim/constants.ts";
import { FILE_EPOLL, FILE_EVENTFD } from "../../../../src/kernel-sim/descriptors.ts";
import {
  fileQueue,
  joinQueue,
  type Kernel,
  pageQueue,
  pipeReadQueue,
  pipeWriteQueue,
} from "../../../../src/kernel-sim/kernel.ts";
import { pollMask } from "../../../../src/kernel-sim/poll.ts";
import { sendSignal, signalPending } from "../../../../src/kernel-sim/signals.ts";
import { bucketOf } from "../../../../src/kernel-sim/syscalls/futex.ts";
import { openPipe } from "../../../../src/kernel-sim/syscalls/pipe.ts";
import { makeTwoCpus as make } from "../../../support/two-cpus.ts";

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

  test("the queue of a task that is to stand still; none, for bits of it that others add at the same time", () => {
    const { kernel, host, plain } = made;
    kernel.tasks.still(2);
    expect(queues()).toEqual([false, true]);
    host.lock.endInner();
    kernel.tasks.addWork(2, 6);
    kernel.tasks.dropWork(2, 4);
    kernel.tasks.addSigPending(2, 8);
    plain.tasks.addWork(2, 1);
    plain.tasks.addSigPending(2, 1);
    expect([plain.tasks.work(2), plain.tasks.sigPending(2)]).toEqual([3, 9]);
    plain.tasks.dropWork(2, 1);
    expect([kernel.tasks.work(2), queues()]).toEqual([2, [false, false]]);
  });

  test("the queue of a task that is sent a signal, behind the signal, whether it sleeps or not", () => {
    const { kernel } = made;
    const { tasks } = kernel;
    const order: unknown[] = [];
    const still = tasks.still.bind(tasks);
    tasks.still = (tid) => {
      order.push(signalPending(kernel, tid), queues());
      still(tid);
    };
    sendSignal(kernel, 2, SIGKILL);
    expect(order).toEqual([true, [false, false]]);
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
      () => kernel.fair.wakeupPreempts(1, 2, 3, 5, false),
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

  test("the queue that a task has been moved to meanwhile, and no other", () => {
    const { kernel, host, plain, locks, held } = made;
    plain.waits.add(9, 1);
    const { lock } = host;
    const take = lock.take.bind(lock);
    lock.take = (of, index) => {
      take(of, index);
      if (index !== 9) return;
      plain.waits.remove(1);
      plain.waits.add(4, 1);
    };
    expect(kernel.tasks.waitQueue(1)).toBe(5);
    expect([4, 9].map((bucket) => held(locks.bucket(bucket)))).toEqual([true, false]);
  });

  test("and queues of joiners and of pages have no locks", () => {
    const { kernel } = made;
    for (const queue of [joinQueue(kernel, 0), joinQueue(kernel, 8), pageQueue(kernel, 0)])
      expect(() => kernel.waits.first(queue)).toThrow(`touches wait queue ${queue} without being alone`);
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

describe("of files is taken", () => {
  const PIPE = 0;
  /** Pipe 0 has slots 0 and 1, the eventfd 2, the epolls 3 and 4; only the files of a test's own are watched. */
  function open(...watched: readonly (readonly [epoll: number, file: number])[]) {
    const made = make({ maxPipes: 2, maxFiles: 8 });
    const { kernel, host, locks } = made;
    host.acquire();
    openPipe(kernel, 0);
    const [counter, first, second] = [FILE_EVENTFD, FILE_EPOLL, FILE_EPOLL].map((kind) =>
      kernel.files.open(kind, 0, 0),
    );
    for (const [epoll, file] of watched) kernel.watches.events[kernel.watches.create(epoll, file)] = EPOLLIN;
    host.lock.release();
    host.share();
    /** The locks that are held: of pipes, and of slots. */
    const taken = (): string[] => [
      ...[0, 1].filter((pipe) => made.held(locks.file(pipe))).map((pipe) => `pipe ${pipe}`),
      ...Array.from({ length: 12 }, (_, slot) => slot)
        .filter((slot) => made.held(locks.file(2 + slot)))
        .map((slot) => `slot ${slot}`),
    ];
    return { ...made, taken, counter: counter!, first: first!, second: second! };
  }

  test("that of a pipe, for both of its ends and their queues", () => {
    const { kernel, host, taken, counter } = open();
    for (const touch of [
      () => kernel.pipes.available(PIPE),
      () => kernel.pipes.room(PIPE),
      () => kernel.pipes.hold(PIPE, 0),
      () => kernel.waits.first(pipeReadQueue(PIPE)),
      () => kernel.waits.first(pipeWriteQueue(PIPE)),
      () => kernel.files.hold(counter - 1),
      () => kernel.files.release(counter - 2),
    ]) {
      host.lock.endInner();
      touch();
      expect(taken()).toEqual(["pipe 0"]);
    }
  });

  test("that of an eventfd and of an epoll, by the slot", () => {
    const { kernel, host, taken, counter, first } = open();
    for (const touch of [
      () => kernel.files.counter(counter),
      () => kernel.waits.first(fileQueue(kernel, 2)),
      () => kernel.files.hold(counter),
      () => kernel.watches.markReady(2, EPOLLIN),
    ]) {
      host.lock.endInner();
      touch();
      expect(taken()).toEqual(["slot 2"]);
    }
    for (const touch of [
      () => kernel.watches.readyOf(3),
      () => kernel.watches.firstReady(3),
      () => kernel.waits.first(fileQueue(kernel, 3)),
      () => kernel.files.release(first),
    ]) {
      host.lock.endInner();
      touch();
      expect(taken()).toEqual(["slot 3"]);
    }
  });

  test("those of the epolls that watch it before its own: all, for what either of them looks at", () => {
    const { kernel, host, taken, counter } = open([4, 2], [3, 2], [4, 1]);
    kernel.files.counter(counter);
    expect(taken()).toEqual(["slot 2", "slot 3", "slot 4"]);
    host.lock.endInner();
    kernel.pipes.available(PIPE);
    expect(taken()).toEqual(["pipe 0", "slot 4"]);
    // With what it has, it can tell them.
    expect(kernel.watches.markReady(1, EPOLLIN)).toEqual([4]);
    expect(kernel.waits.first(fileQueue(kernel, 4))).toBe(0);
  });

  test("none, by an epoll that looks at what it watches", () => {
    const { kernel, taken, counter } = open([3, 2], [3, 0], [3, 1]);
    kernel.watches.readyOf(3);
    expect([counter, counter - 2, counter - 1].map((fd) => pollMask(kernel, fd))).toEqual([
      EPOLLOUT,
      0,
      EPOLLOUT,
    ]);
    expect(taken()).toEqual(["slot 3"]);
  });

  test("with that of an epoll let go of, whose turn was over", () => {
    const { kernel, taken, counter } = open([3, 2], [4, 2]);
    kernel.waits.first(fileQueue(kernel, 4));
    kernel.files.counter(counter);
    expect(taken()).toEqual(["slot 2", "slot 3", "slot 4"]);
  });

  test("one lock for an epoll that has been closed, as for any file", () => {
    const { kernel, host, taken, first } = open();
    host.alone();
    kernel.files.close(first);
    host.shareAgain();
    kernel.watches.readyOf(3);
    kernel.waits.first(fileQueue(kernel, 3));
    expect(taken()).toEqual(["slot 3"]);
    host.leaveKernel();
    expect(taken()).toEqual([]);
  });

  test("before it is changed, or that is a bug", () => {
    const { kernel, host, counter, first } = open([3, 2]);
    const watch = kernel.watches.find(3, 2);
    for (const [deed, missing] of [
      [() => kernel.files.setCounter(counter, 1n), `files.setCounter without the lock of file 4`],
      [() => kernel.watches.putReady(watch), `watches.putReady without the lock of epoll 5`],
      [() => kernel.watches.create(3, 0), "watches.create without being alone"],
      [() => kernel.files.close(first), "files.close without being alone"],
    ] as const)
      expect(deed).toThrow(`touches ${missing}; it holds the objects lock`);
    expect(() => kernel.pipes.write(PIPE, new Uint8Array(1))).toThrow(
      "pipes.write without the lock of file 0",
    );
    kernel.pipes.room(PIPE);
    expect(kernel.pipes.write(PIPE, new Uint8Array(1))).toBe(1);
    host.lock.endInner();
    kernel.files.counter(counter);
    expect(() => kernel.files.setCounter(counter, 1n)).not.toThrow();
    kernel.watches.putReady(watch);
    expect(() => kernel.waits.first(5)).not.toThrow();
    expect(() => kernel.pipes.available(PIPE)).toThrow("takes the lock of file 0 while it holds bucket 5");
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
    ["another task", (kernel) => kernel.tasks.setFlags(2, 0), "tasks.setFlags of task 2 without being alone"],
    ["the work of a task", (kernel) => kernel.tasks.setWork(1, 0), "tasks.setWork without being alone"],
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
    kernel.tasks.setFlags(1, 0);
    kernel.timers.arm(1, 0, 5, 5);
    kernel.timers.cancel(1);
    kernel.cpus.pending(0);
    kernel.cpus.setNeedResched(0, 1);
    host.leaveKernel();
    expect(() => kernel.pipes.create()).toThrow("it holds nothing");
  });
});
