/** Page faults of user mode: what is resolved, at what price, and what is SIGSEGV. */
import { describe, expect, test } from "vitest";
import { ADDR_INVALID, type Addr, addr, NULL, offsetBy } from "../../src/atomics/address.ts";
import type { Protection } from "../../src/atomics/page-table.ts";
import type { Coroutine } from "../../src/atomics/step.ts";
import { SIGSEGV, SIGUSR1 } from "../../src/kernel-sim/constants.ts";
import type { Machine } from "../../src/machine.ts";
import { TRACE_PAGE_FAULT } from "../../src/trace/events.ts";
import type { Env } from "../../src/umcg/env.ts";
import { boot, evaluate, priceOf, runMain, timed } from "../support/boot.ts";
import { kernelAddress, userEnd } from "../support/inspect.ts";

type Operation = (env: Env, a: Addr) => Coroutine<unknown>;

const LOADS: Readonly<Record<string, Operation>> = {
  *load32(env, a) {
    return yield* env.memory.load32(a);
  },
  *load64(env, a) {
    return yield* env.memory.load64(a);
  },
};
const STORES: Readonly<Record<string, Operation>> = {
  *store32(env, a) {
    yield* env.memory.store32(a, 1);
  },
  *cmpxchg32(env, a) {
    yield* env.memory.cmpxchg32(a, 99, 1);
  },
  *xchg32(env, a) {
    yield* env.memory.xchg32(a, 1);
  },
  *store64(env, a) {
    yield* env.memory.store64(a, 1n);
  },
  *cmpxchg64(env, a) {
    yield* env.memory.cmpxchg64(a, 99n, 1n);
  },
  *xchg64(env, a) {
    yield* env.memory.xchg64(a, 1n);
  },
};
const ALL: Readonly<Record<string, Operation>> = { ...LOADS, ...STORES };

function* pageWith(env: Env, machine: Machine, protection: Protection): Coroutine<Addr> {
  const page = env.allocate(4096, 4096);
  machine.protect(page, 4096, protection);
  return page;
}

/** The exit code of a task that does `operation` at the address that `where` gives. */
function exitCodeOf(operation: Operation, where: (env: Env, machine: Machine) => Coroutine<Addr>): number {
  return evaluate(function* (env, machine) {
    const a = yield* where(env, machine);
    const task = yield* env.spawn(function* (own) {
      yield* operation(own, a);
      return 7;
    });
    return yield* env.sys.join(task);
  });
}

describe("an absent page", () => {
  test.each(Object.entries(ALL))(
    "is made present by %s, once, at the price of a minor fault",
    (_, operation) => {
      const { machine, log, value } = runMain(function* (env, own) {
        const page = yield* pageWith(env, own, "absent");
        const first = yield* timed(env, operation(env, offsetBy(page, 8)));
        const second = yield* timed(env, operation(env, offsetBy(page, 4088)));
        return [first.ns, second.ns];
      });
      expect(value).toEqual([priceOf(machine, "minorFault"), 0]);
      expect(log.count({ kind: TRACE_PAGE_FAULT })).toBe(1);
    },
  );

  test("is zero, and holds what is stored", () => {
    const words = evaluate(function* (env, machine) {
      const page = yield* pageWith(env, machine, "absent");
      const before = yield* env.memory.load32(page);
      yield* env.memory.store32(page, 5);
      return [before, yield* env.memory.load32(page)];
    });
    expect(words).toEqual([0, 5]);
  });

  test("that two tasks touch at once is charged to both and resolved once", () => {
    const { machine, log, value } = runMain(
      function* (env, own) {
        const page = yield* pageWith(env, own, "absent");
        const took: number[] = [];
        const touch = function* (task: Env): Coroutine<void> {
          yield* task.work(100_000 - task.now());
          took.push((yield* timed(task, LOADS["load32"]!(task, page))).ns);
        };
        const tids = [yield* env.spawn(touch, { affinity: [0] }), yield* env.spawn(touch, { affinity: [1] })];
        for (const tid of tids) yield* env.sys.join(tid);
        return took;
      },
      { vcpus: 2 },
    );
    expect(value).toEqual([priceOf(machine, "minorFault"), priceOf(machine, "minorFault")]);
    expect(log.count({ kind: TRACE_PAGE_FAULT })).toBe(2);
  });
});

describe("a read-only page", () => {
  test.each(Object.entries(LOADS))("can be read: %s", (_, operation) => {
    expect(exitCodeOf(operation, (env, machine) => pageWith(env, machine, "readonly"))).toBe(7);
    expect(exitCodeOf(operation, (env, machine) => pageWith(env, machine, "absent-readonly"))).toBe(7);
  });

  test.each(Object.entries(STORES))(
    "kills who writes to it, even with what would change nothing: %s",
    (_, operation) => {
      expect(exitCodeOf(operation, (env, machine) => pageWith(env, machine, "readonly"))).toBe(139);
      expect(exitCodeOf(operation, (env, machine) => pageWith(env, machine, "absent-readonly"))).toBe(139);
    },
  );
});

describe("what is nobody's", () => {
  const places: Readonly<Record<string, (env: Env, machine: Machine) => Coroutine<Addr>>> = {
    *NULL() {
      return NULL;
    },
    *"page 0"() {
      return addr(4088);
    },
    *"an unmapped page"(env, machine) {
      return yield* pageWith(env, machine, "unmapped");
    },
    *"the kernel region"(_, machine) {
      return kernelAddress(machine);
    },
    *"the end of memory"(_, machine) {
      return userEnd(machine);
    },
    *"an address beyond 32 bits"() {
      return addr(2 ** 33);
    },
    *"a misaligned address"(env) {
      return offsetBy(env.allocate(16), 1);
    },
    *"a misaligned address in an absent page"(env, machine) {
      return offsetBy(yield* pageWith(env, machine, "absent"), 2);
    },
    *"no address"() {
      return ADDR_INVALID;
    },
  };

  test.each(Object.entries(places))("kills who touches %s", (_, where) => {
    for (const operation of Object.values(ALL)) expect(exitCodeOf(operation, where)).toBe(139);
  });

  test("a 64-bit access wants 8 bytes of alignment", () => {
    const half = function* (env: Env): Coroutine<Addr> {
      return offsetBy(env.allocate(16, 8), 4);
    };
    expect(exitCodeOf(LOADS["load32"]!, half)).toBe(7);
    expect(exitCodeOf(LOADS["load64"]!, half)).toBe(139);
  });
});

describe("a handler for SIGSEGV", () => {
  test("that repairs the page makes the access good", () => {
    const value = evaluate(function* (env, machine) {
      const page = yield* pageWith(env, machine, "readonly");
      const handled: number[] = [];
      yield* env.sys.sigaction(SIGSEGV, function* (signal) {
        handled.push(signal);
        machine.protect(page, 4096, "readwrite");
      });
      yield* env.memory.store32(page, 8);
      return { handled, word: yield* env.memory.load32(page) };
    });
    expect(value).toEqual({ handled: [SIGSEGV], word: 8 });
  });

  test("may end the task with a code of its own", () => {
    const code = evaluate(function* (env) {
      const task = yield* env.spawn(function* (own) {
        yield* own.sys.sigaction(SIGSEGV, () => own.sys.exit(3));
        yield* own.memory.load32(NULL);
        return 4;
      });
      return yield* env.sys.join(task);
    });
    expect(code).toBe(3);
  });

  test("that ignores it does not help: a synchronous fault is fatal then", () => {
    const code = evaluate(function* (env) {
      const task = yield* env.spawn(function* (own) {
        yield* own.sys.sigaction(SIGSEGV, "ignore");
        yield* own.memory.load32(NULL);
        return 4;
      });
      return yield* env.sys.join(task);
    });
    expect(code).toBe(139);
  });

  test("that returns meets the fault again and again, while time passes and others run", () => {
    const { machine } = boot({ vcpus: 2 });
    const counts = { handled: 0, other: 0 };
    const task = machine.spawn(
      function* (env) {
        yield* env.sys.sigaction(SIGSEGV, function* () {
          counts.handled++;
        });
        yield* env.memory.load32(NULL);
      },
      { affinity: [0] },
    );
    let joined = 0;
    machine.spawn(
      function* (env) {
        yield* env.sys.nanosleep(1_000_000);
        yield* env.sys.kill(task, SIGUSR1);
        joined = yield* env.sys.join(task);
        counts.other++;
      },
      { affinity: [1] },
    );
    machine.run();
    expect(joined).toBe(128 + SIGUSR1);
    expect(counts.other).toBe(1);
    const faults = 1_000_000 / priceOf(machine, "minorFault");
    expect(counts.handled).toBeGreaterThan(faults);
    expect(counts.handled).toBeLessThan(1.1 * faults);
  });
});
