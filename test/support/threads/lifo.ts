/** A policy as a user would write it: who became ready last runs first. */
import type { ThreadPolicy } from "../../../src/threads/index.ts";

/** Word 0: how many there are; then they. */
export const lifo: ThreadPolicy = {
  words: ({ threads }) => threads + 1,
  enqueue(queue, _, thread) {
    queue[0]!++;
    queue[queue[0]!] = thread;
  },
  pick(queue) {
    return queue[0] === 0 ? 0 : queue[queue[0]!--]!;
  },
  remove(queue, _, thread) {
    const at = queue.indexOf(thread, 1);
    queue.copyWithin(at, at + 1, queue[0]! + 1);
    queue[0]!--;
  },
};
