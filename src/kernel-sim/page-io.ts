/**
 * Major faults: pages that are on disk, and the device that reads them.
 *
 * Whoever touches such a page sleeps, uninterruptibly, until it is there. The first to come asks the device, which needs
 * `majorFaultNs` and then interrupts the CPU that asked; the interrupt makes the page present and wakes everybody who
 * waits for it, without flags. A request is not taken back: not by a signal, which waits as long, nor by protect(), which
 * only makes it pointless. What the device has in flight is its own, not the machine's memory.
 * Source: do_swap_page in mm/memory.c, folio_wait_bit and folio_wake_bit in mm/filemap.c.
 */
import { type Addr, addr, PAGE_SIZE } from "../atomics/address.ts";
import type { Coroutine } from "../atomics/step.ts";
import { TASK_RUNNING, TASK_UNINTERRUPTIBLE, WAIT_PAGE_IN } from "./constants.ts";
import { type Kernel, PAGE_BUCKETS, pageQueue } from "./kernel.ts";
import { wakeFromInterrupt } from "./poll.ts";
import { schedule } from "./schedule.ts";
import { setTaskState } from "./task-state.ts";
import { armTimer } from "./timers.ts";

/** A page being read, and when it will be there. */
export interface PageRead {
  readonly page: Addr;
  readonly readyNs: number;
}

/** Sleeps until the page of `a`, which is on disk, has been read. */
export function* pageIn(kernel: Kernel, a: Addr): Coroutine<void> {
  const { tasks, waits, pages } = kernel;
  const tid: number = kernel.current;
  const page = addr(a - (a % PAGE_SIZE));
  // Every turn sleeps. It ends when the page is there, or has become something that is not on disk. A page may have been
  // read and moved out again before the waiter runs: then it asks anew.
  while (pages.isOnDisk(page)) {
    if (!pages.isBeingRead(page)) ask(kernel, page);
    tasks.setWaitReason(tid, WAIT_PAGE_IN);
    tasks.setWaitOn(tid, page);
    waits.add(bucketOf(kernel, page), tid);
    setTaskState(kernel, tid, TASK_UNINTERRUPTIBLE);
    yield* schedule(kernel, tid);
    setTaskState(kernel, tid, TASK_RUNNING);
    waits.remove(tid);
    yield* kernel.host.sync();
  }
}

function bucketOf(kernel: Kernel, page: Addr): number {
  return pageQueue(kernel, (page / PAGE_SIZE) % PAGE_BUCKETS);
}

/** Asks the device for a page. It answers in the order of the questions of each CPU. */
function ask(kernel: Kernel, page: Addr): void {
  const { reads, cpu, host, config, pages } = kernel;
  pages.setBeingRead(page, true);
  const queue = reads[cpu]!;
  queue.push({ page, readyNs: host.now + config.majorFaultNs });
  if (queue.length === 1) arm(kernel, cpu);
}

/** Each CPU has a timer for its reads, behind those that can be had. */
function arm(kernel: Kernel, cpu: number): void {
  const { timerOwners, config, reads } = kernel;
  const index = config.maxTimers + cpu;
  if (timerOwners.callback(index) === undefined) timerOwners.give(index, () => finish(kernel, cpu));
  armTimer(kernel, config.maxTasks + 1 + index, cpu, reads[cpu]![0]!.readyNs);
}

/** The device interrupts: pages are there. */
function finish(kernel: Kernel, cpu: number): void {
  const queue = kernel.reads[cpu]!;
  const waiting: number[] = [];
  while (queue.length > 0 && queue[0]!.readyNs <= kernel.host.now) {
    const { page } = queue.shift()!;
    kernel.pages.setBeingRead(page, false);
    if (kernel.pages.isOnDisk(page)) kernel.pages.makePresent(page);
    waiting.push(...waitersOf(kernel, page));
  }
  if (queue.length > 0) arm(kernel, cpu);
  wakeFromInterrupt(kernel, waiting);
}

function waitersOf(kernel: Kernel, page: Addr): number[] {
  return kernel.waits.all(bucketOf(kernel, page)).filter((tid) => kernel.tasks.waitOn(tid) === page);
}
