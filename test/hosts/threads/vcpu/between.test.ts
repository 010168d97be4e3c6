/** What another CPU does between a look of the kernel and what comes of it: one thread is CPU 0, and both. */
import { describe, expect, test } from "vitest";
import { offsetBy } from "../../../../src/atomics/address.ts";
import { EAGAIN } from "../../../../src/atomics/errno.ts";
import type { Coroutine } from "../../../../src/atomics/step.ts";
import { runToEnd } from "../../../../src/hosts/threads/run-to-end.ts";
import { LOCK_BUCKET } from "../../../../src/hosts/threads/vcpu/lock-order.ts";
import { PHASE_RUNNING } from "../../../../src/hosts/threads/vcpu/words.ts";
import { YIELD_SCHEDULE } from "../../../../src/kernel-sim/host.ts";
import { tid } from "../../../../src/kernel-sim/ids.ts";
import { bucketOf } from "../../../../src/kernel-sim/syscalls/futex.ts";
import { sysFutexRequeue } from "../../../../src/kernel-sim/syscalls/futex-requeue.ts";
import { stateOf, UMCG_TASK_NONE, UMCG_TASK_RUNNING } from "../../../../src/umcg/abi.ts";
import { Breaches } from "../../../../src/umcg/breaches.ts";
import { HardenedLists, SERVER_BUSY, SERVER_GONE } from "../../../../src/umcg/hardened-lists.ts";
import { TaskSide } from "../../../../src/umcg/task-side.ts";
import { makeTwoCpus, type TwoCpus } from "../../../support/two-cpus.ts";

describe("a requeue that compares", () => {
  /** Task 2 waits for the word at `from` when the buckets of both words are taken; until then `meanwhile` happens. */
  function requeue(meanwhile: (words: Int32Array) => void) {
    const { kernel, plain, host } = makeTwoCpus();
    const from = kernel.userBase;
    const to = offsetBy(from, 4);
    const take = host.lock.take.bind(host.lock);
    let first = true;
    host.lock.take = (of, index) => {
      if (first && of === LOCK_BUCKET) {
        meanwhile(new Int32Array(kernel.buffer, from, 1));
        plain.waits.add(bucketOf(from), 2);
        plain.tasks.setWaitOn(2, from);
      }
      first = false;
      take(of, index);
    };
    const result = runToEnd(sysFutexRequeue(kernel, { from, to, wake: 0, move: 1, expected: 0 }));
    return { result, moved: plain.tasks.waitOn(2) === to, bucketsDiffer: bucketOf(from) !== bucketOf(to) };
  }

  test("moves who waits for the word as it is", () => {
    expect(requeue(() => undefined)).toEqual({ result: 1, moved: true, bucketsDiffer: true });
  });

  test("moves nobody who waits for what the word has become behind the comparison", () => {
    expect(requeue((words) => Atomics.store(words, 0, 1))).toMatchObject({ result: -EAGAIN, moved: false });
  });
});

describe("a server whose word is no server's any more", () => {
  /** Wakes it. `meanwhile` happens before the waker is alone, where it is about to kill. */
  function wake(meanwhile: (parts: TwoCpus) => void) {
    const made = makeTwoCpus();
    const { kernel, plain, host } = made;
    const record = kernel.userBase;
    plain.record.lastTid = 2;
    plain.tasks.setUmcgTask(2, record);
    const words = new Int32Array(kernel.buffer, stateOf(record), 1);
    words[0] = UMCG_TASK_NONE;
    const acquire = host.acquire.bind(host);
    host.acquire = () => {
      meanwhile(made);
      acquire();
    };
    const breaches = new Breaches(kernel);
    const lists = new HardenedLists(kernel, new TaskSide(kernel), breaches);
    host.share();
    return { outcome: runToEnd(lists.wake(2)), killed: breaches.log.map((breach) => breach.tid) };
  }

  test("dies of it", () => {
    expect(wake(() => undefined)).toEqual({ outcome: SERVER_GONE, killed: [2] });
  });

  test("does not if it was on its way out", () => {
    const leave = ({ plain }: TwoCpus): void => plain.tasks.setUmcgTask(2, 0);
    expect(wake(leave)).toEqual({ outcome: SERVER_GONE, killed: [] });
  });

  test("does not if it has come back since, in the same record", () => {
    const comeBack = ({ kernel }: TwoCpus): void => {
      new Int32Array(kernel.buffer, stateOf(kernel.userBase), 1)[0] = UMCG_TASK_RUNNING;
    };
    expect(wake(comeBack)).toEqual({ outcome: SERVER_BUSY, killed: [] });
  });
});

describe("a task that has not run yet", () => {
  function make() {
    const made = makeTwoCpus();
    const { host, kernel, plain } = made;
    const steps: string[] = [];
    kernel.current = tid(3);
    plain.tasks.allowed[3] = 3;
    host.bodies.start(
      tid(3),
      (function* (): Coroutine<void> {
        steps.push("runs");
      })(),
      undefined,
    );
    host.shared.setPhase(PHASE_RUNNING);
    host.share();
    return { ...made, steps };
  }

  test("is at home where it first runs", () => {
    const { host, plain, steps } = make();
    expect(host.bodies.resume(3)).toMatchObject({ done: true });
    expect([steps, plain.tasks.home(3)]).toEqual([["runs"], 1]);
  });

  test("goes elsewhere if that is forbidden it before its CPU is alone, which making it a home takes", () => {
    const { host, plain, steps } = make();
    const acquire = host.acquire.bind(host);
    host.acquire = () => {
      plain.tasks.allowed[3] = 2;
      acquire();
    };
    expect(host.bodies.resume(3)).toEqual({ done: false, value: YIELD_SCHEDULE });
    expect([steps, plain.tasks.home(3), plain.tasks.allowed[3]]).toEqual([[], 0, 2]);
  });

  test("gives way first, if an interrupt that is over has asked for it", () => {
    const { host, plain, steps } = make();
    plain.cpus.setNeedResched(0, 1);
    expect(host.bodies.resume(3)).toEqual({ done: false, value: YIELD_SCHEDULE });
    plain.cpus.setNeedResched(0, 0);
    expect(steps).toEqual([]);
    expect(host.bodies.resume(3)).toMatchObject({ done: true });
    expect(steps).toEqual(["runs"]);
  });
});
