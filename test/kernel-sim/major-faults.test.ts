/** Pages on disk: who waits for them, for how long, and who does not. */
import { describe, expect, test } from "vitest";
import { type Addr, NULL, offsetBy } from "../../src/atomics/address.ts";
import { EFAULT, EINVAL, ENOMEM } from "../../src/atomics/errno.ts";
import type { Coroutine } from "../../src/atomics/step.ts";
import { MADV_PAGEOUT, SIGKILL, SIGSEGV, SIGUSR1 } from "../../src/kernel-sim/constants.ts";
import { createMachine } from "../../src/machine.ts";
import { TRACE_PAGE_FAULT, TRACE_SCHED_WAKING, TRACE_TIMER_EXPIRE } from "../../src/trace/events.ts";
import type { Env } from "../../src/umcg/env.ts";
import { createRuntime } from "../../src/worker/runtime.ts";
import { boot, evaluate, priceOf, runMain, timed } from "../support/boot.ts";

/** A page that holds 7 and is on disk. */
function* onDisk(env: Env): Coroutine<Addr> {
  const page = env.allocate(4096, 4096);
  yield* env.memory.store32(page, 7);
  yield* env.sys.madvise(page, 4096, MADV_PAGEOUT);
  return page;
}

function* load(env: Env, a: Addr): Coroutine<number> {
  return yield* env.memory.load32(a);
}

describe("an access to a page on disk", () => {
  test("waits for the device; what was on the page is still there, and the next access is free", () => {
    const { machine, log, value } = runMain(function* (env) {
      const page = yield* onDisk(env);
      return [yield* timed(env, load(env, page)), yield* timed(env, load(env, page))];
    });
    // The device works while the CPU blocks.
    const after = priceOf(machine, "timerInterrupt", "idleLoopExit", "switch");
    const ns = priceOf(machine, "minorFault") + 100_000 + after;
    expect(value).toEqual([
      { ns, value: 7 },
      { ns: 0, value: 7 },
    ]);
    expect(log.all({ kind: TRACE_PAGE_FAULT }).map(({ arg1 }) => arg1)).toEqual([2]);
  });

  test("takes as long as the machine is told", () => {
    const value = evaluate(
      function* (env) {
        const page = yield* onDisk(env);
        return yield* timed(env, load(env, page));
      },
      { majorFaultNs: 3_000_000 },
    );
    expect(value.ns).toBe(3_000_000 + 500 + 2500 + 500 + 500);
  });

  test("leaves the CPU to others meanwhile", () => {
    const order: string[] = [];
    evaluate(function* (env) {
      const page = yield* onDisk(env);
      const other = yield* env.spawn(function* (own) {
        yield* own.work(10_000);
        order.push("worked");
      });
      yield* env.memory.store32(page, 1);
      order.push("stored");
      yield* env.sys.join(other);
      return 0;
    });
    expect(order).toEqual(["worked", "stored"]);
  });

  test("by several tasks is one question to the device, whose answer wakes them all, without flags", () => {
    const { machine, log, value } = runMain(
      function* (env) {
        const page = yield* onDisk(env);
        const seen: number[] = [];
        for (let n = 0; n < 3; n++) {
          yield* env.spawn(
            function* (own) {
              seen.push(yield* load(own, offsetBy(page, 4 * n)));
            },
            { affinity: [n] },
          );
        }
        yield* env.sys.nanosleep(1_000_000);
        return seen;
      },
      { vcpus: 4 },
    );
    expect(value!.toSorted()).toEqual([0, 0, 7]);
    expect(log.count({ kind: TRACE_PAGE_FAULT })).toBe(3);
    expect(log.count({ kind: TRACE_TIMER_EXPIRE, tid: 0 })).toBe(1);
    const wakes = [2, 3, 4].map((tid) => log.all({ kind: TRACE_SCHED_WAKING, tid }).at(-1)!);
    const first = wakes[0]!.timeNs;
    // The first wake-up is the interrupt's; each further one is paid for, and begins when that before it is made.
    expect(wakes[1]!.timeNs - first).toBeLessThan(priceOf(machine, "wake"));
    expect(wakes[2]!.timeNs - wakes[1]!.timeNs).toBeGreaterThanOrEqual(priceOf(machine, "wake"));
    expect(wakes.map(({ arg0 }) => arg0)).toEqual([0, 0, 0]);
  });

  test("to two pages is answered in the order of the questions, each at its time", () => {
    const seen = evaluate(function* (env) {
      const pages = [yield* onDisk(env), yield* onDisk(env)];
      const seen: [number, number][] = [];
      const tids: number[] = [];
      for (const [index, page] of pages.entries()) {
        tids.push(
          yield* env.spawn(function* (own) {
            yield* own.work(40_000 * index);
            const began = own.now();
            yield* load(own, page);
            seen.push([index, own.now() - began]);
          }),
        );
      }
      for (const tid of tids) yield* env.sys.join(tid);
      return seen;
    });
    expect(seen.map(([index]) => index)).toEqual([0, 1]);
    for (const [, ns] of seen) expect(ns).toBeLessThan(110_000);
  });

  test("is not ended by a signal, which is taken afterwards; a fatal one is so before user code goes on", () => {
    const value = evaluate(function* (env) {
      const order: string[] = [];
      const pages = [yield* onDisk(env), yield* onDisk(env)];
      const handling = yield* env.spawn(function* (own) {
        yield* own.sys.sigaction(SIGUSR1, function* () {
          order.push("handled");
        });
        order.push(`read ${yield* load(own, pages[0]!)}`);
      });
      const dying = yield* env.spawn(function* (own) {
        yield* load(own, pages[1]!);
        order.push("never");
      });
      yield* env.sys.nanosleep(50_000);
      yield* env.sys.kill(handling, SIGUSR1);
      yield* env.sys.kill(dying, SIGKILL);
      const died = yield* env.sys.join(dying);
      yield* env.sys.join(handling);
      return { order, died, at: env.now() };
    });
    expect(value.order).toEqual(["handled", "read 7"]);
    expect(value.died).toBe(128 + SIGKILL);
    expect(value.at).toBeGreaterThan(100_000);
  });

  test("to a page that is read, and moved out again before the waiter runs, asks once more", () => {
    const value = evaluate(function* (env) {
      const page = yield* onDisk(env);
      const waiter = yield* env.spawn((own) => load(own, page));
      yield* env.sys.schedYield();
      // The waiter is woken in the middle of this, and waits for the CPU.
      yield* env.work(150_000);
      yield* env.sys.madvise(page, 4096, MADV_PAGEOUT);
      return yield* env.sys.join(waiter);
    });
    expect(value).toBe(7);
  });

  test("to a page that is unmapped meanwhile is SIGSEGV; one made present otherwise ends the wait", () => {
    const value = evaluate(function* (env, machine) {
      const pages = [yield* onDisk(env), yield* onDisk(env)];
      const tids: number[] = [];
      for (const page of pages) tids.push(yield* env.spawn((own) => load(own, page)));
      yield* env.sys.nanosleep(50_000);
      machine.protect(pages[0]!, 4096, "unmapped");
      machine.protect(pages[1]!, 4096, "readonly");
      return [yield* env.sys.join(tids[0]!), yield* env.sys.join(tids[1]!)];
    });
    expect(value).toEqual([128 + SIGSEGV, 7]);
  });
});

describe("the kernel's own access", () => {
  test("waits, too, where it may sleep", () => {
    const { machine, value } = runMain(function* (env) {
      const page = yield* onDisk(env);
      const fd = yield* env.sys.pipe();
      return yield* timed(env, env.sys.write(fd + 1, page, 4));
    });
    const after = priceOf(machine, "timerInterrupt", "idleLoopExit", "switch", "syscallExit");
    const ns = priceOf(machine, "syscallEntry", "minorFault") + 100_000 + after;
    expect(value).toEqual({ ns, value: 4 });
  });

  test("is -EFAULT where it may not, whatever else that resolves", () => {
    const results = evaluate(
      function* (env, machine) {
        const page = yield* onDisk(env);
        const absent = env.allocate(4096, 4096);
        machine.protect(absent, 4096, "absent");
        const { access } = machine.kernel;
        return [
          yield* access.getUser32Nosleep(page),
          yield* access.putUser32Nosleep(page, 1),
          yield* access.cmpxchgUser32Nosleep(page, 7, 1),
          yield* access.getUser32Nosleep(absent),
        ];
      },
      { umcg: "posted" },
    );
    expect(results).toEqual([-EFAULT, -EFAULT, -EFAULT, 0]);
  });

  test("a futex word on disk is read in before the wait", () => {
    const results = evaluate(function* (env) {
      const word = yield* onDisk(env);
      const waiter = yield* env.spawn((own) => own.sys.futexWait(word, 7));
      const other = yield* env.spawn(function* (own) {
        return -(yield* own.sys.futexWait(word, 8));
      });
      yield* env.sys.nanosleep(1_000_000);
      return [yield* env.sys.join(other), yield* env.sys.futexWake(word), yield* env.sys.join(waiter)];
    });
    expect(results).toEqual([11, 1, 0]);
  });
});

test("a UMCG worker that waits for a page hands its server to another", () => {
  const machine = createMachine({ vcpus: 1 });
  const runtime = createRuntime(machine, { servers: 1 });
  const page = machine.allocate(4096, 4096);
  machine.swapOut(page, 4096);
  const order: string[] = [];
  runtime.spawn(function* (w) {
    order.push("touches");
    yield* w.memory.store32(page, 1);
    order.push(w.now() >= 100_000 ? "has the page" : "too early");
  });
  runtime.spawn(function* (w) {
    yield* w.work(10_000);
    order.push("works meanwhile");
  });
  machine.run();
  expect(order).toEqual(["touches", "works meanwhile", "has the page"]);
});

test("madvise refuses what begins no page, is no length, no advice, not mapped; absent pages stay as they are", () => {
  const { log, value } = runMain(function* (env, machine) {
    const page = env.allocate(8192, 4096);
    machine.protect(page, 8192, "absent");
    const results = [
      yield* env.sys.madvise(offsetBy(page, 8), 4096, MADV_PAGEOUT),
      yield* env.sys.madvise(page, -1, MADV_PAGEOUT),
      yield* env.sys.madvise(page, 4096, 4),
      yield* env.sys.madvise(NULL, 4096, MADV_PAGEOUT),
      yield* env.sys.madvise(page, 8192, MADV_PAGEOUT),
    ];
    yield* env.memory.store32(page, 1);
    return results;
  });
  expect(value).toEqual([-EINVAL, -EINVAL, -EINVAL, -ENOMEM, 0]);
  expect(log.single({ kind: TRACE_PAGE_FAULT }).arg1).toBe(1);
});

test("a task that waits for a page says so in a dump", () => {
  const { machine } = boot();
  const page = machine.allocate(4096, 4096);
  machine.swapOut(page, 4096);
  machine.spawn((env) => load(env, offsetBy(page, 8)));
  machine.run({ untilNs: 50_000 });
  expect(machine.waiters()).toMatchObject([{ tid: 1, reason: "page in", waitsFor: page }]);
});
