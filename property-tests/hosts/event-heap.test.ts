/** The event heap against a sorted array. */
import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { EventHeap } from "../../src/hosts/virtual/event-heap.ts";

type Operation =
  | { readonly do: "schedule"; readonly slot: number; readonly at: number }
  | { readonly do: "cancel"; readonly slot: number }
  | { readonly do: "pop" };

const SLOTS = 24;
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

function expectEqual(heap: EventHeap, model: Model): void {
  expect(heap.size).toBe(model.events.length);
  expect(heap.top).toBe(model.events[0]?.at ?? Number.POSITIVE_INFINITY);
  for (let which = 0; which < SLOTS; which++) {
    const pending = model.events.find((event) => event.slot === which);
    expect(heap.isPending(which)).toBe(pending !== undefined);
    if (pending !== undefined) expect(heap.timeOf(which)).toBe(pending.at);
  }
}

describe("EventHeap", () => {
  test.prop([fc.array(operation, { maxLength: 200, size: "max" })])(
    "does what a sorted array does, ties in the order of scheduling",
    (operations) => {
      const heap = new EventHeap(SLOTS);
      const model = new Model();
      for (const step of operations) {
        if (step.do === "schedule") {
          heap.schedule(step.slot, step.at);
          model.schedule(step.slot, step.at);
        } else if (step.do === "cancel") {
          heap.cancel(step.slot);
          model.cancel(step.slot);
        } else {
          expect(heap.pop()).toBe(model.pop());
        }
        expectEqual(heap, model);
      }
      while (model.events.length > 0) expect(heap.pop()).toBe(model.pop());
      expect(heap.pop()).toBe(-1);
    },
  );
});
