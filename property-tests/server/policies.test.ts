/**
 * The shipped policies under random interleavings of their accesses: every worker that is enqueued is picked exactly once,
 * none is lost, and while one is queued and nothing is under way `hasWork` says so.
 */
import { test } from "@fast-check/vitest";
import fc from "fast-check";
import { describe, expect } from "vitest";
import {
  type Coroutine,
  type EnqueueReason,
  goLikeWith,
  makePolicy,
  NULL,
  POLICY_NAMES,
  type PolicyFactory,
  priorityOf,
  workStealingWith,
} from "../../src/index.ts";
import { Sfc32 } from "../../src/random/sfc32.ts";
import { drain, makeYard } from "../../test/server/yard.ts";
import { interleave, runAlone } from "../../test/support/interleave.ts";

type Act = { readonly do: "pick" } | { readonly do: "enqueue"; readonly reason: EnqueueReason };

const REASONS: readonly EnqueueReason[] = [
  "spawned",
  "woken",
  "unparked",
  "unparked",
  "yielded",
  "preempted",
];
const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant("enqueue" as const), reason: fc.constantFrom(...REASONS) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("pick" as const) }) },
);
const acts = fc.array(fc.array(act, { maxLength: 12 }), { minLength: 1, maxLength: 4 });

// Rings of two and four, so that they overflow, come around and are empty all the time.
const FACTORIES: readonly (readonly [string, PolicyFactory])[] = [
  ...POLICY_NAMES.map((name): [string, PolicyFactory] => [name, (setup) => makePolicy(name, setup)]),
  ["go-like with rings of 2", goLikeWith({ capacity: 2, sliceNs: 1000 })],
  ["work-stealing with rings of 4", workStealingWith({ capacity: 4 })],
];

const MAX_STEPS = 20_000;

describe.each(FACTORIES)("%s", (_, factory) => {
  test.prop([acts, fc.integer()])("loses nothing and gives nothing twice", (plans, seed) => {
    const yard = makeYard(true, 32);
    const servers = plans.length;
    const policy = yard.policy(factory, servers, seed);
    const stream = new Sfc32(seed);
    const schedule = Array.from({ length: MAX_STEPS }, () => Math.floor(stream.next() * 24));
    let made = 0;
    function* server(index: number, plan: readonly Act[]): Coroutine<number[]> {
      const at = yard.at(index);
      const taken: number[] = [];
      for (const one of plan) {
        if (one.do === "pick") {
          const worker = yield* policy.pick(at);
          if (worker !== NULL) taken.push(yard.indexOf(worker));
        } else {
          const worker = yard.worker(made++);
          yield* yard.memory.store32(priorityOf(worker), Math.floor(stream.next() * 3));
          yield* policy.enqueue(at, worker, one.reason);
        }
        yard.now += 500;
      }
      return taken;
    }
    const coroutines = plans.map((plan, index) => server(index, plan));
    const { results } = interleave(coroutines, schedule, { maxSteps: MAX_STEPS });
    const taken = results.flat();
    expect(runAlone(policy.hasWork(yard.at(0)))).toBe(taken.length < made);
    const all = [...taken, ...drain(yard, policy, servers)].sort((a, b) => a - b);
    expect(all).toEqual(Array.from({ length: made }, (_, i) => i));
  });
});
