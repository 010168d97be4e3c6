/** Signals: what they do by default, ignored and handled, and how soon. */
import { describe, expect, test } from "vitest";
import { EINTR, EINVAL, ESRCH } from "../../src/atomics/errno.ts";
import {
  SIGCHLD,
  SIGCONT,
  SIGHUP,
  SIGINT,
  SIGKILL,
  SIGSEGV,
  SIGTERM,
  SIGURG,
  SIGUSR1,
  SIGUSR2,
  SIGWINCH,
} from "../../src/kernel-sim/constants.ts";
import { setDisposition } from "../../src/kernel-sim/syscalls/task.ts";
import { TRACE_IPI_SEND, TRACE_SIGNAL, TRACE_TASK_EXIT } from "../../src/trace/events.ts";
import type { Program } from "../../src/umcg/env.ts";
import { boot, evaluate, priceOf, runMain } from "../support/boot.ts";

const HARMLESS: readonly number[] = [SIGCHLD, SIGCONT, SIGURG, SIGWINCH];
const ALL: readonly number[] = Array.from({ length: 31 }, (_, index) => index + 1);

const sleeper: Program = function* (env) {
  yield* env.sys.nanosleep(1_000_000);
  return 5;
};

describe("by default", () => {
  test.each(ALL.filter((signal) => !HARMLESS.includes(signal)))("signal %d kills", (signal) => {
    const { log, value } = runMain(function* (env) {
      const target = yield* env.spawn(sleeper);
      yield* env.sys.nanosleep(10_000);
      const sent = yield* env.sys.kill(target, signal);
      return { target, sent, joined: yield* env.sys.join(target) };
    });
    expect(value).toMatchObject({ sent: 0, joined: 128 + signal });
    expect(log.single({ kind: TRACE_TASK_EXIT, tid: value!.target })).toMatchObject({
      arg0: 0,
      arg1: signal,
    });
  });

  test.each(HARMLESS)("signal %d does nothing, not even end a sleep", (signal) => {
    const joined = evaluate(function* (env) {
      const target = yield* env.spawn(sleeper);
      yield* env.sys.nanosleep(10_000);
      yield* env.sys.kill(target, signal);
      return yield* env.sys.join(target);
    });
    expect(joined).toBe(5);
  });

  test("a task dies of the first of several pending signals, by number", () => {
    const joined = evaluate(function* (env) {
      // One CPU: the target does not run between the signals.
      const target = yield* env.spawn(sleeper);
      yield* env.sys.nanosleep(10_000);
      for (const signal of [SIGTERM, SIGHUP, SIGINT]) yield* env.sys.kill(target, signal);
      return yield* env.sys.join(target);
    });
    expect(joined).toBe(128 + SIGHUP);
  });
});

describe("ignored", () => {
  test("a signal does not disturb a sleep", () => {
    const joined = evaluate(function* (env) {
      const target = yield* env.spawn(function* (own) {
        yield* own.sys.sigaction(SIGTERM, "ignore");
        return -(yield* own.sys.nanosleep(1_000_000));
      });
      yield* env.sys.nanosleep(10_000);
      yield* env.sys.kill(target, SIGTERM);
      return yield* env.sys.join(target);
    });
    expect(joined).toBe(0);
  });

  test("and made default again, it kills", () => {
    const joined = evaluate(function* (env) {
      const target = yield* env.spawn(function* (own) {
        yield* own.sys.sigaction(SIGTERM, "ignore");
        yield* own.sys.kill(own.tid, SIGTERM);
        yield* own.sys.sigaction(SIGTERM, "default");
        yield* own.sys.kill(own.tid, SIGTERM);
      });
      return yield* env.sys.join(target);
    });
    expect(joined).toBe(128 + SIGTERM);
  });
});

describe("handled", () => {
  test("a signal runs the handler, which may make system calls and sleep, before the interrupted call returns", () => {
    const order: unknown[] = [];
    runMain(function* (env) {
      const target = yield* env.spawn(function* (own) {
        yield* own.sys.sigaction(SIGUSR1, function* (signal) {
          order.push(["handler", signal, yield* own.sys.gettid()]);
          order.push(["slept", yield* own.sys.nanosleep(50_000)]);
        });
        order.push(["result", yield* own.sys.nanosleep(1_000_000)]);
      });
      yield* env.sys.nanosleep(10_000);
      yield* env.sys.kill(target, SIGUSR1);
      yield* env.sys.join(target);
    });
    expect(order).toEqual([
      ["handler", SIGUSR1, 2],
      ["slept", 0],
      ["result", -EINTR],
    ]);
  });

  test("several signals run their handlers by number, one sent twice runs once", () => {
    const handled: number[] = [];
    runMain(function* (env) {
      const target = yield* env.spawn(function* (own) {
        for (const signal of [SIGUSR2, SIGUSR1, SIGHUP]) {
          yield* own.sys.sigaction(signal, function* (number) {
            handled.push(number);
          });
        }
        yield* own.sys.nanosleep(1_000_000);
      });
      yield* env.sys.nanosleep(10_000);
      for (const signal of [SIGUSR2, SIGUSR1, SIGUSR1, SIGHUP]) yield* env.sys.kill(target, signal);
      yield* env.sys.join(target);
    });
    expect(handled).toEqual([SIGHUP, SIGUSR1, SIGUSR2]);
  });

  test("a signal that was handled is not handled again with the next", () => {
    const handled: number[] = [];
    runMain(function* (env) {
      for (const signal of [SIGUSR1, SIGUSR2]) {
        yield* env.sys.sigaction(signal, function* (number) {
          handled.push(number);
        });
      }
      for (const signal of [SIGUSR1, SIGUSR2, SIGUSR1]) yield* env.sys.kill(env.tid, signal);
    });
    expect(handled).toEqual([SIGUSR1, SIGUSR2, SIGUSR1]);
  });

  test("a signal to oneself is handled before kill returns", () => {
    const order: string[] = [];
    runMain(function* (env) {
      yield* env.sys.sigaction(SIGUSR1, function* () {
        order.push("handler");
      });
      yield* env.sys.kill(env.tid, SIGUSR1);
      order.push("back");
    });
    expect(order).toEqual(["handler", "back"]);
  });

  test("a fatal signal to oneself does not return", () => {
    const reached: string[] = [];
    const joined = evaluate(function* (env) {
      const target = yield* env.spawn(function* (own) {
        yield* own.sys.kill(own.tid, SIGTERM);
        reached.push("after");
      });
      return yield* env.sys.join(target);
    });
    expect(joined).toBe(128 + SIGTERM);
    expect(reached).toEqual([]);
  });

  test("a handler may end the task, and may be killed itself", () => {
    const value = evaluate(function* (env) {
      const exits = yield* env.spawn(function* (own) {
        yield* own.sys.sigaction(SIGUSR1, () => own.sys.exit(6));
        yield* own.sys.kill(own.tid, SIGUSR1);
      });
      const dies = yield* env.spawn(function* (own) {
        yield* own.sys.sigaction(SIGUSR1, function* () {
          yield* own.sys.nanosleep(1e9);
        });
        yield* own.sys.kill(own.tid, SIGUSR1);
      });
      yield* env.sys.nanosleep(1_000_000);
      yield* env.sys.kill(dies, SIGKILL);
      return [yield* env.sys.join(exits), yield* env.sys.join(dies)];
    });
    expect(value).toEqual([6, 128 + SIGKILL]);
  });
});

describe("SIGKILL", () => {
  test("can neither be handled nor ignored, and ends what ignores all else", () => {
    const value = evaluate(function* (env) {
      const results: number[] = [];
      const target = yield* env.spawn(function* (own) {
        for (const signal of ALL) results.push(yield* own.sys.sigaction(signal, "ignore"));
        results.push(yield* own.sys.sigaction(SIGKILL, function* () {}));
        results.push(yield* own.sys.sigaction(SIGKILL, "default"));
        yield* own.sys.nanosleep(1e9);
      });
      yield* env.sys.nanosleep(1_000_000);
      for (const signal of ALL) yield* env.sys.kill(target, signal);
      return { results, joined: yield* env.sys.join(target) };
    });
    const refused = value.results.flatMap((result, index) => (result === -EINVAL ? [index + 1] : []));
    expect(refused).toEqual([SIGKILL, 32, 33]);
    expect(value.joined).toBe(128 + SIGKILL);
  });
});

describe("SIGKILL to a task whose disposition a tool has set", () => {
  test("kills it all the same", () => {
    const joined = evaluate(function* (env, machine) {
      const target = yield* env.spawn(sleeper);
      yield* env.sys.nanosleep(10_000);
      setDisposition(machine.kernel, target, SIGKILL, "ignore");
      yield* env.sys.kill(target, SIGKILL);
      return yield* env.sys.join(target);
    });
    expect(joined).toBe(128 + SIGKILL);
  });
});

describe("what is no signal or no task", () => {
  const none = [-1, 32, 64, 1.5, Number.NaN, Number.POSITIVE_INFINITY];

  test.each([...none, 0])("%d cannot be given a disposition: -EINVAL", (signal) => {
    expect(evaluate((env) => env.sys.sigaction(signal, "ignore"))).toBe(-EINVAL);
  });

  test.each(none)("%d cannot be sent: -EINVAL", (signal) => {
    expect(evaluate((env) => env.sys.kill(env.tid, signal))).toBe(-EINVAL);
  });

  test("signal 0 asks whether a task exists; a dead one, a joined one and none do not: -ESRCH", () => {
    const results = evaluate(function* (env) {
      const alive = yield* env.spawn(sleeper);
      const dead = yield* env.spawn(function* () {});
      const joined = yield* env.spawn(function* () {});
      yield* env.sys.join(joined);
      const results: number[] = [yield* env.sys.kill(alive, 0), yield* env.sys.kill(env.tid, 0)];
      for (const target of [dead, joined, 0, -1, 1.5, 99, 1e10]) {
        results.push(yield* env.sys.kill(target, 0), yield* env.sys.kill(target, SIGTERM));
      }
      return results;
    });
    expect(results).toEqual([0, 0, ...new Array(14).fill(-ESRCH)]);
  });
});

describe("a signal to a task that computes on another CPU", () => {
  const WORK = 10_000_000;
  const KILL_AT = 1_000_000;

  test.each(["native", "guest"] as const)(
    "interrupts it as soon as the IPI is there (%s), and no work is lost",
    (profile) => {
      const { machine, log, value } = runMain(
        function* (env) {
          const times = { began: 0, handled: 0, done: 0 };
          const target = yield* env.spawn(
            function* (own) {
              yield* own.sys.sigaction(SIGUSR1, function* () {
                times.handled = own.now();
              });
              times.began = own.now();
              yield* own.work(WORK);
              times.done = own.now();
            },
            { affinity: [1] },
          );
          yield* env.work(KILL_AT - env.now());
          yield* env.sys.kill(target, SIGUSR1);
          yield* env.sys.join(target);
          return times;
        },
        { vcpus: 2, profile },
      );
      const delivered = KILL_AT + priceOf(machine, "syscallEntry", "ipiSend", "ipiDeliver");
      expect(value!.handled).toBe(delivered);
      expect(value!.done - value!.began).toBe(WORK);
      expect(log.single({ kind: TRACE_SIGNAL })).toMatchObject({ tid: 2, arg0: SIGUSR1, arg1: 1 });
      // One for its start, one for the signal.
      const sent = KILL_AT + priceOf(machine, "syscallEntry", "ipiSend");
      expect(log.all({ kind: TRACE_IPI_SEND, arg0: 1 }).slice(1)).toMatchObject([{ timeNs: sent, cpu: 0 }]);
    },
  );

  test("kills it at once", () => {
    const at = evaluate(
      function* (env) {
        const target = yield* env.spawn(
          function* (own) {
            yield* own.work(1e12);
          },
          { affinity: [1] },
        );
        yield* env.work(KILL_AT - env.now());
        yield* env.sys.kill(target, SIGKILL);
        const code = yield* env.sys.join(target);
        return { code, at: env.now() };
      },
      { vcpus: 2 },
    );
    expect(at.code).toBe(128 + SIGKILL);
    expect(at.at).toBeLessThan(KILL_AT + 20_000);
  });

  test("runs a handler that computes itself, and then the rest of the work", () => {
    const { value } = runMain(
      function* (env) {
        let elapsed = 0;
        const target = yield* env.spawn(
          function* (own) {
            yield* own.sys.sigaction(SIGUSR1, function* () {
              yield* own.work(3_000_000);
              yield* own.work(4_000_000);
            });
            const began = own.now();
            yield* own.work(WORK);
            elapsed = own.now() - began;
          },
          { affinity: [1] },
        );
        yield* env.work(KILL_AT - env.now());
        yield* env.sys.kill(target, SIGUSR1);
        // Keep the other CPU busy with short steps, so that the handler's work cannot end in one.
        for (let i = 0; i < 200; i++) yield* env.work(100_000);
        yield* env.sys.join(target);
        return elapsed;
      },
      { vcpus: 2 },
    );
    expect(value).toBe(WORK + 7_000_000);
  });

  test("costs no IPI when both share a CPU", () => {
    const { log, value } = runMain(function* (env) {
      const target = yield* env.spawn(function* (own) {
        yield* own.work(WORK);
        return 1;
      });
      yield* env.sys.schedYield();
      yield* env.sys.kill(target, SIGTERM);
      return yield* env.sys.join(target);
    });
    expect(value).toBe(128 + SIGTERM);
    expect(log.count({ kind: TRACE_IPI_SEND })).toBe(0);
  });

  test("ends a loop over memory", () => {
    const { machine } = boot({ vcpus: 2 });
    const word = machine.allocate(4);
    let joined = 0;
    const target = machine.spawn(function* (env) {
      while ((yield* env.memory.load32(word)) === 0);
    });
    machine.spawn(function* (env) {
      yield* env.sys.nanosleep(KILL_AT);
      yield* env.sys.kill(target, SIGKILL);
      joined = yield* env.sys.join(target);
    });
    machine.run({ untilNs: 5 * KILL_AT });
    expect(joined).toBe(128 + SIGKILL);
  });
});

describe("a signal to a task that waits for its CPU", () => {
  test("kills it when its turn comes", () => {
    const { value } = runMain(function* (env) {
      const steps: string[] = [];
      const target = yield* env.spawn(function* (own) {
        steps.push("ran");
        yield* own.sys.schedYield();
        steps.push("ran again");
      });
      yield* env.sys.schedYield();
      yield* env.sys.kill(target, SIGSEGV);
      return { joined: yield* env.sys.join(target), steps };
    });
    expect(value).toEqual({ joined: 128 + SIGSEGV, steps: ["ran"] });
  });

  test("kills a new one before its first step", () => {
    const { value } = runMain(function* (env) {
      const steps: string[] = [];
      const target = yield* env.spawn(function* () {
        steps.push("ran");
      });
      yield* env.sys.kill(target, SIGKILL);
      return { joined: yield* env.sys.join(target), steps };
    });
    expect(value).toEqual({ joined: 128 + SIGKILL, steps: [] });
  });
});
