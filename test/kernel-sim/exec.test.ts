/** exec: a task goes on as another program; and signal masks, which it keeps. */
import { describe, expect, test } from "vitest";
import { addr, NULL } from "../../src/atomics/address.ts";
import { EFAULT, EINTR, EINVAL } from "../../src/atomics/errno.ts";
import {
  NR_GETTID,
  SIG_BLOCK,
  SIG_SETMASK,
  SIG_UNBLOCK,
  SIGKILL,
  SIGSEGV,
  SIGUSR1,
  SIGUSR2,
} from "../../src/kernel-sim/constants.ts";
import type { Env } from "../../src/umcg/env.ts";
import { boot, evaluate, priceOf, runMain } from "../support/boot.ts";

const bit = (signal: number): number => 1 << signal;

describe("exec", () => {
  test("goes on as another program, as the same task under another name, and never comes back", () => {
    const order: unknown[] = [];
    const { machine, value } = runMain(function* (env) {
      const child = yield* env.spawn(
        function* (own) {
          try {
            const began = own.now();
            yield* own.exec(
              function* (its) {
                order.push([its.tid === own.tid, its.now() - began]);
                yield* its.work(1000);
                return 42;
              },
              { name: "after" },
            );
          } finally {
            order.push("never");
          }
        },
        { name: "before" },
      );
      return yield* env.sys.join(child);
    });
    expect(order).toEqual([[true, priceOf(machine, "syscallEntry", "syscallExit")]]);
    expect(value).toBe(42);
    expect(machine.kernel.names.of(2)).toBe("after");
  });

  test("keeps its name when none is given", () => {
    const { machine } = boot();
    const tid = machine.spawn((env) => env.exec((own) => own.sys.gettid()), { name: "same" });
    machine.run();
    expect(machine.kernel.names.of(tid)).toBe("same");
  });

  test("forgets handlers, keeps what is ignored", () => {
    const codes = evaluate(function* (env) {
      const start = (action: "ignore" | "handle") =>
        env.spawn(function* (own) {
          yield* own.sys.sigaction(SIGUSR1, action === "ignore" ? "ignore" : function* () {});
          yield* own.exec((its) => its.sys.nanosleep(1_000_000));
        });
      const tids = [yield* start("ignore"), yield* start("handle")];
      yield* env.sys.nanosleep(100_000);
      const codes: number[] = [];
      for (const tid of tids) yield* env.sys.kill(tid, SIGUSR1);
      for (const tid of tids) codes.push(yield* env.sys.join(tid));
      return codes;
    });
    expect(codes).toEqual([0, 128 + SIGUSR1]);
  });

  test("a signal that came meanwhile meets the new program's dispositions before it begins", () => {
    const code = evaluate(function* (env) {
      const child = yield* env.spawn(function* (own) {
        yield* own.sys.sigprocmask(SIG_BLOCK, bit(SIGUSR1));
        yield* own.sys.sigaction(SIGUSR1, function* () {});
        yield* own.sys.kill(own.tid, SIGUSR1);
        yield* own.exec(function* (its) {
          yield* its.sys.sigprocmask(SIG_UNBLOCK, bit(SIGUSR1));
          return 1;
        });
      });
      return yield* env.sys.join(child);
    });
    expect(code).toBe(128 + SIGUSR1);
  });

  test("keeps a filter", () => {
    const code = evaluate(function* (env) {
      let fd = 0;
      const child = yield* env.spawn(function* (own) {
        fd = yield* own.sys.seccompNotify(NR_GETTID);
        yield* own.exec((its) => its.sys.gettid());
      });
      yield* env.sys.nanosleep(100_000);
      yield* env.sys.notifySend(fd, yield* env.sys.notifyReceive(fd), 77);
      return yield* env.sys.join(child);
    });
    expect(code).toBe(77);
  });
});

describe("a signal mask", () => {
  /** Blocks SIGUSR1 and sleeps; the sender's view of it all. */
  function* sleeper(own: Env, order: string[]) {
    yield* own.sys.sigaction(SIGUSR1, function* () {
      order.push("handled");
    });
    yield* own.sys.sigprocmask(SIG_BLOCK, bit(SIGUSR1));
    order.push(`slept ${yield* own.sys.nanosleep(1_000_000)}`);
    yield* own.sys.sigprocmask(SIG_UNBLOCK, bit(SIGUSR1));
    order.push("unblocked");
  }

  test("keeps a signal pending, without waking, until it is unblocked", () => {
    const order: string[] = [];
    evaluate(function* (env) {
      const tid = yield* env.spawn((own) => sleeper(own, order));
      yield* env.sys.nanosleep(100_000);
      yield* env.sys.kill(tid, SIGUSR1);
      yield* env.sys.join(tid);
      return 0;
    });
    expect(order).toEqual(["slept 0", "handled", "unblocked"]);
  });

  test("does not hold back others, nor SIGKILL", () => {
    const value = evaluate(function* (env) {
      const tid = yield* env.spawn(function* (own) {
        yield* own.sys.sigaction(SIGUSR2, function* () {});
        yield* own.sys.sigprocmask(SIG_SETMASK, -1 & ~bit(SIGUSR2));
        const interrupted = yield* own.sys.nanosleep(1e9);
        yield* own.sys.nanosleep(1e9);
        return interrupted;
      });
      yield* env.sys.nanosleep(100_000);
      yield* env.sys.kill(tid, SIGUSR2);
      yield* env.sys.nanosleep(100_000);
      yield* env.sys.kill(tid, SIGKILL);
      return [yield* env.sys.join(tid), env.now() < 1_000_000];
    });
    expect(value).toEqual([128 + SIGKILL, true]);
  });

  test("keeps even an ignored signal pending, which a handler that is set in time then sees", () => {
    const order: string[] = [];
    evaluate(function* (env) {
      yield* env.sys.sigaction(SIGUSR1, "ignore");
      yield* env.sys.sigprocmask(SIG_BLOCK, bit(SIGUSR1));
      yield* env.sys.kill(env.tid, SIGUSR1);
      yield* env.sys.sigaction(SIGUSR1, function* () {
        order.push("handled");
      });
      yield* env.sys.sigprocmask(SIG_UNBLOCK, bit(SIGUSR1));
      return 0;
    });
    expect(order).toEqual(["handled"]);
  });

  test("is inherited, written out, and changed in three ways", () => {
    const value = evaluate(function* (env) {
      const old = env.allocate(4);
      const seen: number[] = [];
      yield* env.sys.sigprocmask(SIG_BLOCK, bit(SIGUSR1) | bit(SIGKILL));
      yield* env.sys.sigprocmask(SIG_BLOCK, bit(SIGUSR2), old);
      seen.push(yield* env.memory.load32(old));
      yield* env.sys.sigprocmask(SIG_UNBLOCK, bit(SIGUSR1), old);
      seen.push(yield* env.memory.load32(old));
      const child = yield* env.spawn(function* (own) {
        yield* own.sys.sigprocmask(SIG_SETMASK, 0, old);
        return yield* own.memory.load32(old);
      });
      seen.push(yield* env.sys.join(child));
      return [
        ...seen,
        yield* env.sys.sigprocmask(3, 0),
        yield* env.sys.sigprocmask(SIG_BLOCK, 0, NULL),
        yield* env.sys.sigprocmask(SIG_BLOCK, 0, addr(8)),
      ];
    });
    const both = bit(SIGUSR1) | bit(SIGUSR2);
    expect(value).toEqual([bit(SIGUSR1), both, bit(SIGUSR2), -EINVAL, 0, -EFAULT]);
  });

  test("does not hold back a fault: a blocked SIGSEGV is fatal, handler or not", () => {
    const code = evaluate(function* (env) {
      const child = yield* env.spawn(function* (own) {
        yield* own.sys.sigaction(SIGSEGV, function* () {});
        yield* own.sys.sigprocmask(SIG_BLOCK, bit(SIGSEGV));
        yield* own.memory.load32(NULL);
      });
      return yield* env.sys.join(child);
    });
    expect(code).toBe(128 + SIGSEGV);
  });

  test("a sleep that another signal ends is -EINTR though one is blocked", () => {
    const result = evaluate(function* (env) {
      const tid = yield* env.spawn(function* (own) {
        yield* own.sys.sigaction(SIGUSR2, function* () {});
        yield* own.sys.sigprocmask(SIG_BLOCK, bit(SIGUSR1));
        return -(yield* own.sys.nanosleep(1e9));
      });
      yield* env.sys.nanosleep(100_000);
      yield* env.sys.kill(tid, SIGUSR1);
      yield* env.sys.kill(tid, SIGUSR2);
      return -(yield* env.sys.join(tid));
    });
    expect(result).toBe(-EINTR);
  });
});
