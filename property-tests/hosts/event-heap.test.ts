/** The event heap, and the queue that is built on it, against a sorted array. */
import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { EventHeap } from "../../src/hosts/virtual/event-heap.ts";
import { EventQueue } from "../../src/hosts/virtual/event-queue.ts";

type Operation =
  | { readonly do: "schedule"; readonly slot: number; readonly at: number }
  | { readonly do: "cancel"; readonly slot: number }
  | { readonly do: "pop" };

/** More than the queue searches its list for. */
const SLOTS = 48;
const slot = fc.nat(SLOTS - 1);
// Few different times, so that many events are due at once; and some of every kind a host could pass.
const time = fc.oneof(
  { weight: 6, arbitrary: fc.nat(8) },
  { weight: 1, arbitrary: fc.double({ min: 0, noNaN: true }) },
);
const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("schedule" as const), slot, at: time }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("cancel" as const), slot }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("pop" as const) }) },
);

interface Pending {
  readonly slot: number;
  readonly at: number;
  readonly order: number;
}

/** The same four operations on an array that is sorted anew each time. */
class Model {
  events: Pending[] = [];
  #order = 0;

  schedule(which: number, at: number): void {
    this.cancel(which);
    this.events.push({ slot: which, at, order: this.#order++ });
    this.events.sort((a, b) => a.at - b.at || a.order - b.order);
  }
  cancel(which: number): void {
    this.events = this.events.filter((event) => event.slot !== which);
  }
  pop(): number {
    return this.events.shift()?.slot ?? -1;
  }
}

function expectEqual(events: EventHeap | EventQueue, model: Model): void {
  expect(events.size).toBe(model.events.length);
  expect(events.top).toBe(model.events[0]?.at ?? Number.POSITIVE_INFINITY);
  const pending = new Map(model.events.map((event) => [event.slot, event.at]));
  for (let which = 0; which < SLOTS; which++) {
    if (events.isPending(which) !== pending.has(which)) expect.fail(`slot ${which}: pending or not`);
    const at = pending.get(which);
    if (at !== undefined && events.timeOf(which) !== at)
      expect.fail(`slot ${which}: ${events.timeOf(which)}, not ${at}`);
  }
}

/** Does the operations to both, and takes what is left. */
function compare(events: EventHeap | EventQueue, operations: readonly Operation[]): void {
  const model = new Model();
  for (const step of operations) {
    if (step.do === "schedule") {
      events.schedule(step.slot, step.at);
      model.schedule(step.slot, step.at);
    } else if (step.do === "cancel") {
      events.cancel(step.slot);
      model.cancel(step.slot);
    } else {
      expect(events.pop()).toBe(model.pop());
    }
    expectEqual(events, model);
  }
  while (model.events.length > 0) expect(events.pop()).toBe(model.pop());
  expect(events.pop()).toBe(-1);
}

const operations = fc.array(operation, { maxLength: 200, size: "max" });

describe("EventHeap", () => {
  test.prop([operations])("does what a sorted array does, ties in the order of scheduling", (list) => {
    compare(new EventHeap(SLOTS), list);
  });
});

describe("EventQueue", () => {
  test.prop([operations, fc.nat(SLOTS)])(
    "does so, too, however many of its slots are those of CPUs",
    (list, near) => {
      compare(new EventQueue(SLOTS, near), list);
    },
  );
});
