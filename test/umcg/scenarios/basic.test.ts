/** Scenarios 1 to 9 of the selftests (docs/umcg.md): registration, and tasks that wait, wake and swap. Both profiles have all that they need. */
import { describe, expect, it } from "vitest";
import { registerServer, unregister } from "../../../src/bench/workloads/umcg-user.ts";
import {
  apiVersionOf,
  type Coroutine,
  EINVAL,
  type Env,
  NULL,
  stateOf,
  UMCG_API_VERSION,
  UMCG_CTL_REGISTER,
  UMCG_CTL_UNREGISTER,
  UMCG_TASK_RUNNING,
} from "../../../src/index.ts";
import { boot, evaluate } from "../../support/boot.ts";
import { basicTasks, PROFILES, swap, type Who, wait, wake, who } from "./user.ts";

/** The numbers of the scenarios, when a campaign asks for them. */
const LONG = process.env["FC_RUNS"] !== undefined;
const STEPS = LONG ? 100_000 : 1_000;
const WAKES = LONG ? 10_000 : 1_000;

describe.each(PROFILES)("%s", (umcg) => {
  it("1: the API version: the supported one is accepted, an absurd one answered with the highest", () => {
    const results = evaluate(
      function* (env, machine) {
        const { record } = who(machine);
        yield* env.memory.store32(stateOf(record), UMCG_TASK_RUNNING);
        yield* env.memory.store32(apiVersionOf(record), 1000);
        const absurd = yield* env.umcg.ctl(UMCG_CTL_REGISTER, record);
        yield* env.memory.store32(apiVersionOf(record), UMCG_API_VERSION);
        const supported = yield* env.umcg.ctl(UMCG_CTL_REGISTER, record);
        yield* unregister(env);
        return [absurd, supported];
      },
      { umcg },
    );
    expect(results).toEqual([UMCG_API_VERSION, 0]);
  });

  it("2: register and fork: the child is no UMCG task", () => {
    const results = evaluate(
      function* (env, machine) {
        const { record } = who(machine);
        const early = yield* env.umcg.ctl(UMCG_CTL_UNREGISTER, NULL);
        yield* registerServer(env, record);
        const child = yield* env.spawn(function* (forked) {
          return (yield* forked.umcg.ctl(UMCG_CTL_UNREGISTER, NULL)) === -EINVAL ? 0 : 1;
        });
        const code = yield* env.sys.join(child);
        return [early, code, yield* env.umcg.ctl(UMCG_CTL_UNREGISTER, NULL)];
      },
      { umcg },
    );
    expect(results).toEqual([-EINVAL, 0, 0]);
  });

  it.each([1, 2])(
    "3: wake and wait race with vcpus: %i: no wake-up is lost and none is too many",
    (vcpus) => {
      const { machine } = boot({ umcg, vcpus });
      const flag = machine.allocate(4);
      const [waiter, waker] = [who(machine), who(machine)];
      let [iterations, stop] = [0, false];
      waiter.tid = machine.spawn(function* (env) {
        yield* registerServer(env, waiter.record);
        while (!stop) {
          yield* env.memory.store32(flag, 1);
          if (++iterations % 5 === 0) yield* env.sys.nanosleep(1_000);
          yield* wait(env, waiter);
        }
        yield* unregister(env);
      });
      waker.tid = machine.spawn(function* (env) {
        yield* registerServer(env, waker.record);
        for (let i = 0; i < WAKES; i++) {
          while ((yield* env.memory.xchg32(flag, 0)) === 0) yield* env.sys.schedYield();
          yield* wake(env, waker, waiter);
        }
        while ((yield* env.memory.load32(flag)) === 0) yield* env.sys.schedYield();
        stop = true;
        yield* wake(env, waker, waiter);
        yield* unregister(env);
      });
      machine.run();
      expect(iterations).toBe(WAKES + 1);
    },
  );

  type Step = (env: Env, self: Who, other: Who) => Coroutine<void>;
  const wakeAndWait: Step = function* (env, self, other) {
    yield* wake(env, self, other);
    yield* wait(env, self);
  };
  const withCall: Step = function* (env, self, other) {
    yield* env.sys.gettid();
    yield* wakeAndWait(env, self, other);
  };
  const withPayload: Step = function* (env, self, other) {
    yield* env.work(500);
    yield* swap(env, self, other);
  };

  /** Ping-pong; the first begins, unless it is loose. Returns ns of virtual time for each step. */
  function pingPong(vcpus: number, first: Step, second: Step, loose = false): number {
    const steps = [0, 0];
    const body = (place: number, step: Step) =>
      function* (env: Env, self: Who, other: Who): Coroutine<void> {
        if (place === 1 && !loose) yield* wait(env, self);
        while (steps[place]! < STEPS) {
          steps[place]!++;
          yield* step(env, self, other);
        }
        // The other may wait for its last turn.
        yield* wake(env, self, other);
      };
    const machine = basicTasks(umcg, vcpus, body(0, first), body(1, second));
    expect(steps).toEqual([STEPS, STEPS]);
    return machine.host.now / (2 * STEPS);
  }

  it.each([1, 2])("4: ping-pong with vcpus: %i, wake and wait on both sides", (vcpus) => {
    expect(pingPong(vcpus, wakeAndWait, wakeAndWait)).toBeGreaterThan(0);
  });
  it.each([1, 2])("5: ping-pong with vcpus: %i, swap on one side", (vcpus) => {
    expect(pingPong(vcpus, swap, wakeAndWait)).toBeGreaterThan(0);
  });
  it("6: ping-pong, swap on both sides, is faster", () => {
    expect(pingPong(1, swap, swap)).toBeLessThan(pingPong(1, wakeAndWait, wakeAndWait));
  });
  it.each([1, 2])(
    "7: ping-pong with vcpus: %i, swap on both sides without an order at the beginning",
    (vcpus) => {
      expect(pingPong(vcpus, swap, swap, true)).toBeGreaterThan(0);
    },
  );
  it("8: ping-pong, wake and wait with a system call a step", () => {
    expect(pingPong(1, withCall, withCall)).toBeGreaterThan(pingPong(1, wakeAndWait, wakeAndWait));
  });
  it("9: ping-pong, swap with a payload", () => {
    expect(pingPong(1, withPayload, withPayload)).toBeGreaterThan(pingPong(1, swap, swap) + 499);
  });
});
