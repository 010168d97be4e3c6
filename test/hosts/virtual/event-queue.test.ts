/** The event queue against the plain heap, which keeps the same order: a random life, and the edges. */
import { describe, expect, test } from "vitest";
import { EventHeap } from "../../../src/hosts/virtual/event-heap.ts";
import { EventQueue } from "../../../src/hosts/virtual/event-queue.ts";

const SLOTS = 120;
const NEAR = 80;

/** mulberry32 */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (((t ^ (t >>> 14)) >>> 0) / 4294967296) * below;
  };
}

describe("EventQueue", () => {
  // Spreads: in step, a little apart, far beyond the reach of the list.
  test.each([1, 10, 1000])("is the heap in another shape, with events up to %i apart", (spread) => {
    const below = random(spread);
    const queue = new EventQueue(SLOTS, NEAR);
    const heap = new EventHeap(SLOTS);
    let now = 0;
    for (let step = 0; step < 20_000; step++) {
      const slot = Math.floor(below(SLOTS));
      const what = below(10);
      if (what < 5) {
        const at = now + Math.floor(below(spread));
        queue.schedule(slot, at);
        heap.schedule(slot, at);
      } else if (what < 9) {
        now = Math.max(now, heap.size > 0 ? heap.top : 0);
        expect(queue.pop()).toBe(heap.pop());
      } else {
        queue.cancel(slot);
        heap.cancel(slot);
      }
      expect([queue.size, queue.top]).toEqual([heap.size, heap.top]);
      expect(queue.isPending(slot)).toBe(heap.isPending(slot));
      if (heap.isPending(slot)) expect(queue.timeOf(slot)).toBe(heap.timeOf(slot));
    }
  });

  test("an event that never comes is pending like any other", () => {
    const queue = new EventQueue(4, 2);
    queue.schedule(3, Number.POSITIVE_INFINITY);
    queue.schedule(1, Number.POSITIVE_INFINITY);
    expect([queue.size, queue.top]).toEqual([2, Number.POSITIVE_INFINITY]);
    expect([queue.pop(), queue.pop(), queue.pop()]).toEqual([3, 1, -1]);
  });
});
