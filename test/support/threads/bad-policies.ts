/** Policies that go wrong at their third thread, each in one of its functions. Word 0 counts, whoever runs them. */
import { yieldNow } from "../../../src/threads/index.ts";
import { fifo } from "../../../src/threads/policies/fifo.ts";
import type { ThreadPolicy } from "../../../src/threads/policy.ts";

const GOOD = 3;

function badly(
  change: (policy: ThreadPolicy, isTime: (queue: Int32Array) => boolean) => Partial<ThreadPolicy>,
) {
  const policy: ThreadPolicy = {
    words: (sizes) => fifo.words(sizes) + 1,
    enqueue: (queue, sizes, ...thread) => fifo.enqueue(queue.subarray(1), sizes, ...thread),
    pick: (queue, ...of) => fifo.pick(queue.subarray(1), ...of),
    remove: (queue, ...of) => fifo.remove(queue.subarray(1), ...of),
  };
  return { ...policy, ...change(policy, (queue) => ++queue[0]! >= GOOD) };
}

/** What it throws. */
export class Blunder extends Error {
  override readonly name = "Blunder";
}

export const failsToEnqueue: ThreadPolicy = badly((policy, isTime) => ({
  enqueue(queue, ...rest) {
    if (isTime(queue)) throw new Blunder("no room");
    policy.enqueue(queue, ...rest);
  },
}));
export const failsToPick: ThreadPolicy = badly((policy, isTime) => ({
  pick(queue, ...rest) {
    if (isTime(queue)) throw new Blunder("cannot choose");
    return policy.pick(queue, ...rest);
  },
}));
export const failsToRemove: ThreadPolicy = badly(() => ({
  remove() {
    throw new Blunder("keeps everybody");
  },
}));
let stuck = false;
/** Does not come back on the thread that has run this job. */
export const neverPicks: ThreadPolicy = badly((policy) => ({
  pick(queue, ...rest) {
    while (stuck);
    return policy.pick(queue, ...rest);
  },
}));
export function getsStuck(): never {
  stuck = true;
  // Until somebody else is ready, nobody asks.
  for (;;) yieldNow();
}
/** Answers of `pick`: nobody although there is somebody, threads that are none, one that is not ready, and no number. */
export const answers = (answer: unknown): ThreadPolicy =>
  badly((policy, isTime) => ({
    pick: (queue, ...rest) => (isTime(queue) ? (answer as number) : policy.pick(queue, ...rest)),
  }));
