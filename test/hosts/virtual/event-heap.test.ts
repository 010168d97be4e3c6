/** The event heap by example; against a model in property-tests/hosts. */
import { describe, expect, test } from "vitest";
import { EventHeap } from "../../../src/hosts/virtual/event-heap.ts";

function drain(heap: EventHeap): number[] {
  const slots: number[] = [];
  for (let slot = heap.pop(); slot !== -1; slot = heap.pop()) slots.push(slot);
  return slots;
}

describe("EventHeap", () => {
  test("is empty at first: no top, nothing to pop, nothing to cancel", () => {
    const heap = new EventHeap(4);
    heap.cancel(2);
    expect([heap.size, heap.top, heap.pop()]).toEqual([0, Number.POSITIVE_INFINITY, -1]);
    expect(heap.isPending(2)).toBe(false);
  });

  test("pops by time, and shows the earliest time before", () => {
    const heap = new EventHeap(5);
    [50, 10, 40, 20, 30].forEach((at, slot) => {
      heap.schedule(slot, at);
    });
    const tops: number[] = [];
    const slots: number[] = [];
    while (heap.size > 0) {
      tops.push(heap.top);
      slots.push(heap.pop());
    }
    expect(tops).toEqual([10, 20, 30, 40, 50]);
    expect(slots).toEqual([1, 3, 4, 2, 0]);
  });

  test("pops events of one time in the order in which they were scheduled", () => {
    const heap = new EventHeap(100);
    const order = Array.from({ length: 100 }, (_, index) => (index * 37) % 100);
    for (const slot of order) heap.schedule(slot, 7);
    expect(drain(heap)).toEqual(order);
  });

  test("moves a pending event, behind others of its new time, even of its old one", () => {
    const heap = new EventHeap(3);
    heap.schedule(0, 5);
    heap.schedule(1, 5);
    heap.schedule(2, 9);
    heap.schedule(0, 5);
    expect(heap.size).toBe(3);
    expect(heap.timeOf(0)).toBe(5);
    heap.schedule(2, 5);
    expect(drain(heap)).toEqual([1, 0, 2]);
  });

  test("cancels anywhere: the first, the last, one in the middle", () => {
    for (const gone of [0, 3, 6]) {
      const heap = new EventHeap(7);
      for (let slot = 0; slot < 7; slot++) heap.schedule(slot, slot);
      heap.cancel(gone);
      heap.cancel(gone);
      expect(heap.isPending(gone)).toBe(false);
      expect(heap.top).toBe(gone === 0 ? 1 : 0);
      expect(drain(heap)).toEqual([0, 1, 2, 3, 4, 5, 6].filter((slot) => slot !== gone));
    }
  });

  test("takes an event again that was popped or cancelled, and times that go back", () => {
    const heap = new EventHeap(2);
    heap.schedule(0, 100);
    expect(heap.pop()).toBe(0);
    heap.schedule(1, 50);
    heap.schedule(0, 20);
    heap.cancel(0);
    heap.schedule(0, Number.POSITIVE_INFINITY);
    expect(drain(heap)).toEqual([1, 0]);
  });
});
