/** Whatever a program passes to a call: it gets a result, and the machine's books stay in order. */
import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { MachineError } from "../../src/kernel-sim/errors.ts";
import { CLOCK_END } from "../../src/kernel-sim/times.ts";
import { createMachine } from "../../src/machine.ts";
import type { Env } from "../../src/umcg/env.ts";

/** How many arguments each call takes. Not here: `exit` and `reboot`, which do not return. */
const CALLS = {
  nanosleep: 2,
  clockNanosleep: 3,
  schedYield: 0,
  schedSetaffinity: 2,
  schedGetaffinity: 1,
  getcpu: 2,
  membarrier: 0,
  schedSetattr: 2,
  schedGetattr: 1,
  gettid: 0,
  join: 1,
  kill: 2,
  sigaction: 2,
  futexWait: 3,
  futexWaitBitset: 4,
  futexWake: 2,
  futexWakeBitset: 3,
  futexRequeue: 1,
  pipe: 1,
  eventfd: 2,
  timerfdCreate: 1,
  timerfdSettime: 4,
  epollCreate: 0,
  epollCtl: 5,
  epollWait: 4,
  read: 3,
  write: 3,
  close: 1,
  sigprocmask: 3,
  madvise: 3,
  seccompNotify: 1,
  notifySetFlags: 2,
  notifyReceive: 2,
  notifySend: 4,
} as const satisfies Partial<Record<keyof Env["sys"], number>>;

type Call = keyof typeof CALLS;

/** Stands for the address of 4096 bytes that may be read and written. */
const BUFFER = "buffer";

const numbers = [Number.NaN, -1, -0, 0.5, 1e300, -1e300, 2 ** 31, 2 ** 32 - 1, 2 ** 53, 2 ** 66, -(2 ** 53)];
const others = [undefined, null, {}, [], [0.5], "7", true, 5n, Symbol("s"), Number.POSITIVE_INFINITY];
const records = [
  { from: 5n, to: {}, wake: "x", move: Number.NaN, expected: null },
  { policy: 3, nice: 1e300, priority: "1", runtimeNs: -1 },
  { nice: 7n },
  [Number.NaN, -1, 2 ** 53],
  [0, 1],
];
const argument = fc.oneof(
  { weight: 4, arbitrary: fc.nat({ max: 12 }) },
  { weight: 3, arbitrary: fc.constantFrom<unknown>(...numbers) },
  { weight: 2, arbitrary: fc.constantFrom<unknown>(...others, ...records) },
  { weight: 2, arbitrary: fc.constant(BUFFER) },
);
const step = fc
  .constantFrom(...(Object.keys(CALLS) as Call[]))
  .chain((call) => fc.tuple(fc.constant(call), fc.array(argument, { maxLength: CALLS[call] })));

describe("any arguments of system calls", () => {
  test.prop([fc.array(step, { minLength: 1, maxLength: 12 }), fc.constantFrom(1, 2)])(
    "give a result; nothing is thrown, no time is lost",
    (steps, vcpus) => {
      const machine = createMachine({ vcpus, accounting: true, trace: true, traceEvents: 256 });
      const buffer = machine.allocate(4096, 4096);
      const odd: unknown[] = [];
      machine.spawn(function* (env) {
        for (const [call, args] of steps) {
          const make = env.sys[call] as (...args: unknown[]) => Generator<never, unknown, 1>;
          const passed = args.map((value) => (value === BUFFER ? buffer : value));
          try {
            const result = yield* make.apply(env.sys, passed);
            const integer = typeof result === "number" && Number.isInteger(result);
            if (!integer && !/^sched_?get/i.test(call)) odd.push([call, result]);
          } catch (error) {
            odd.push([call, error]);
          }
        }
      });
      let ended: unknown;
      try {
        machine.run();
      } catch (error) {
        // A program may well ask for something that never comes.
        if (!(error instanceof MachineError && error.code === "ERR_DEADLOCK")) ended = error;
      }
      expect(odd).toEqual([]);
      expect(ended).toBeUndefined();
      for (const { wallNs } of machine.accounting().cpus) expect(wallNs).toBeLessThan(CLOCK_END);
    },
  );

  test.prop([fc.constantFrom<unknown>(...numbers, ...others)])("work(%s) computes or says why not", (ns) => {
    const machine = createMachine({ accounting: true });
    let outcome: unknown;
    machine.spawn(function* (env) {
      try {
        yield* env.work(ns as number);
        outcome = "computed";
      } catch (error) {
        outcome = error instanceof MachineError && error.code;
      }
    });
    machine.run();
    const usable = typeof ns === "number" && ns >= 0 && ns <= 2 ** 52;
    expect(outcome).toBe(usable ? "computed" : "ERR_TIME");
  });
});
