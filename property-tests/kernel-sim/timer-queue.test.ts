/** The timer queues of several CPUs against sorted lists: arming, moving, cancelling, and time that goes on. */
import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { Arena } from "../../src/kernel-sim/arena.ts";
import { TimerQueue } from "../../src/kernel-sim/timer-queue.ts";

const TIMERS = 40;
const CPUS = 3;

interface Armed {
  readonly timer: number;
  readonly cpu: number;
  readonly soft: number;
  readonly hard: number;
  readonly order: number;
}

type Operation =
  | {
      readonly do: "arm";
      readonly timer: number;
      readonly cpu: number;
      readonly at: number;
      readonly slack: number;
    }
  | { readonly do: "cancel"; readonly timer: number }
  | { readonly do: "advance"; readonly cpu: number; readonly by: number };

const timer = fc.integer({ min: 1, max: TIMERS });
const cpu = fc.nat(CPUS - 1);
// Few different times, so that many timers are equal.
const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("arm" as const),
      timer,
      cpu,
      at: fc.nat(12),
      slack: fc.constantFrom(0, 0, 1, 5),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("cancel" as const), timer }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("advance" as const), cpu, by: fc.nat(6) }) },
);

class Model {
  now = 0;
  #list: Armed[] = [];
  #order = 0;

  on(which: number): Armed[] {
    return this.#list
      .filter((armed) => armed.cpu === which)
      .sort((a, b) => a.hard - b.hard || a.order - b.order);
  }
  find(which: number): Armed | undefined {
    return this.#list.find((armed) => armed.timer === which);
  }
  arm(which: number, on: number, soft: number, hard: number): void {
    this.cancel(which);
    this.#list.push({ timer: which, cpu: on, soft, hard, order: this.#order++ });
  }
  cancel(which: number): boolean {
    const before = this.#list.length;
    this.#list = this.#list.filter((armed) => armed.timer !== which);
    return this.#list.length < before;
  }
}

function newQueue(): TimerQueue {
  const measure = new Arena(0);
  new TimerQueue(measure, TIMERS, CPUS);
  return new TimerQueue(new Arena(0, new ArrayBuffer(measure.end)), TIMERS, CPUS);
}

function expectEqual(queue: TimerQueue, model: Model): void {
  for (let which = 0; which < CPUS; which++) {
    const first = model.on(which)[0];
    expect(queue.first(which)).toBe(first?.timer ?? 0);
    expect(queue.nextNs(which)).toBe(first?.hard ?? Number.POSITIVE_INFINITY);
  }
  for (let which = 1; which <= TIMERS; which++) {
    const armed = model.find(which);
    if (queue.isArmed(which) !== (armed !== undefined)) expect.fail(`timer ${which}: armed or not`);
    if (armed === undefined) continue;
    const { cpu: on, soft, hard } = armed;
    expect([queue.cpuOf(which), queue.softNs(which), queue.hardNs(which)]).toEqual([on, soft, hard]);
  }
}

/** What an interrupt would run: from the front, as long as the soft expiry has passed. */
function drain(queue: TimerQueue, model: Model, on: number): void {
  for (const { timer: which, soft } of model.on(on)) {
    if (soft > model.now) return;
    expect(queue.first(on)).toBe(which);
    expect(queue.cancel(which)).toBe(model.cancel(which));
  }
  expect(queue.first(on)).toBe(0);
}

describe("TimerQueue", () => {
  test.prop([fc.array(operation, { maxLength: 200, size: "max" })])("does what sorted lists do", (list) => {
    const queue = newQueue();
    const model = new Model();
    for (const step of list) {
      if (step.do === "arm") {
        const soft = model.now + step.at;
        queue.arm(step.timer, step.cpu, soft, soft + step.slack);
        model.arm(step.timer, step.cpu, soft, soft + step.slack);
      } else if (step.do === "cancel") expect(queue.cancel(step.timer)).toBe(model.cancel(step.timer));
      else {
        model.now += step.by;
        drain(queue, model, step.cpu);
      }
      expectEqual(queue, model);
    }
    model.now = Number.POSITIVE_INFINITY;
    for (let which = 0; which < CPUS; which++) drain(queue, model, which);
  });
});
