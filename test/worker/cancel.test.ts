/** Deadlines of parks, and cancellation: where it is delivered, how often, what a shield does. */
import { describe, expect, it } from "vitest";
import { type Coroutine, createMachine, createRuntime, RuntimeError, type Worker } from "../../src/index.ts";

function start(vcpus = 2) {
  const machine = createMachine({ vcpus });
  return { machine, runtime: createRuntime(machine) };
}

/** The code a body throws, or "returned". */
function* outcome(body: () => Coroutine<unknown>): Coroutine<string> {
  try {
    yield* body();
    return "returned";
  } catch (error) {
    return error instanceof RuntimeError ? error.code : String(error);
  }
}

describe("parkUntil", () => {
  it("times out at its deadline, not before, and leaves later tokens to later parks", () => {
    const { machine, runtime } = start();
    const seen: unknown[] = [];
    const sleeper = runtime.spawn(function* (w) {
      seen.push(yield* w.parkUntil(200_000), w.now() >= 200_000);
      yield* w.sleepUntil(800_000);
      seen.push(yield* w.parkUntil(900_000), w.now() < 900_000);
      seen.push(yield* w.parkUntil(900_000), w.now() >= 900_000);
    });
    runtime.spawn(function* (w) {
      yield* w.sleepUntil(500_000);
      yield* w.unpark(sleeper);
    });
    machine.run();
    expect(seen).toEqual([false, true, true, true, false, true]);
  });

  it("is ended by an unpark before its deadline", () => {
    const { machine, runtime } = start();
    const seen: unknown[] = [];
    const sleeper = runtime.spawn(function* (w) {
      seen.push(yield* w.parkUntil(10_000_000), w.now() < 5_000_000);
    });
    runtime.spawn(function* (w) {
      yield* w.sleep(100_000);
      yield* w.unpark(sleeper);
    });
    machine.run();
    expect(seen).toEqual([true, true]);
  });

  it("with a deadline that has passed takes a token or returns at once", () => {
    const { machine, runtime } = start(1);
    const seen: unknown[] = [];
    runtime.spawn(function* (w) {
      seen.push(yield* w.parkUntil(0));
      yield* w.unpark(w.handle);
      seen.push(yield* w.parkUntil(0), yield* w.parkUntil(Number.NEGATIVE_INFINITY));
      seen.push(yield* outcome(() => w.parkUntil(Number.NaN)));
    });
    machine.run();
    expect(seen).toEqual([false, true, false, "ERR_DEADLINE"]);
  });
});

describe("cancel", () => {
  const points: [string, (w: Worker) => Coroutine<unknown>][] = [
    ["park", (w) => w.park()],
    ["parkUntil", (w) => w.parkUntil(50_000_000)],
    ["sleep", (w) => w.sleep(50_000_000)],
  ];
  it.each(points)("ends a %s that waits", (_name, point) => {
    const { machine, runtime } = start();
    const seen: unknown[] = [];
    const victim = runtime.spawn(function* (w) {
      seen.push(yield* outcome(() => point(w)), w.now() < 10_000_000);
    });
    runtime.spawn(function* (w) {
      yield* w.sleep(100_000);
      seen.push(yield* w.cancel(victim), yield* w.cancel(victim));
    });
    machine.run();
    expect(seen).toEqual([true, false, "ERR_CANCELLED", true]);
  });

  it.each([
    ...points,
    ["yield", (w: Worker) => w.yield()] as const,
    ["checkpoint", (w: Worker) => w.checkpoint()] as const,
  ])("asked for before makes %s throw at once, and only the first point", (_name, point) => {
    const { machine, runtime } = start(1);
    const seen: unknown[] = [];
    runtime.spawn(function* (w) {
      yield* w.cancel(w.handle);
      seen.push(yield* outcome(() => point(w)), w.now() < 10_000_000);
      seen.push(yield* outcome(() => w.yield()), yield* outcome(() => w.sleep(1_000)));
    });
    machine.run();
    expect(seen).toEqual(["ERR_CANCELLED", true, "returned", "returned"]);
  });

  it("leaves a token alone: the park after it returns at once", () => {
    const { machine, runtime } = start(1);
    const seen: unknown[] = [];
    runtime.spawn(function* (w) {
      yield* w.unpark(w.handle);
      yield* w.cancel(w.handle);
      seen.push(yield* outcome(() => w.park()), yield* w.parkUntil(0), yield* w.parkUntil(0));
    });
    machine.run();
    expect(seen).toEqual(["ERR_CANCELLED", true, false]);
  });

  it("lets `finally` wait", () => {
    const { machine, runtime } = start();
    const order: string[] = [];
    const victim = runtime.spawn(function* (w) {
      try {
        order.push(yield* outcome(() => w.park()));
      } finally {
        yield* w.sleep(100_000);
        order.push(`cleaned up at ${w.now() > 200_000}`);
      }
    });
    runtime.spawn(function* (w) {
      yield* w.sleep(100_000);
      yield* w.cancel(victim);
    });
    machine.run();
    expect(order).toEqual(["ERR_CANCELLED", "cleaned up at true"]);
  });

  it("waits for the end of a shield", () => {
    const { machine, runtime } = start();
    const seen: unknown[] = [];
    const victim = runtime.spawn(function* (w) {
      seen.push(
        yield* outcome(() =>
          w.shield(function* () {
            seen.push(yield* w.parkUntil(500_000), w.now() >= 500_000);
          }),
        ),
      );
      seen.push(yield* outcome(() => w.checkpoint()));
    });
    runtime.spawn(function* (w) {
      yield* w.sleep(100_000);
      yield* w.cancel(victim);
    });
    machine.run();
    expect(seen).toEqual([false, true, "returned", "ERR_CANCELLED"]);
  });
});
