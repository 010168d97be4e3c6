/** The default: one queue for all CPUs, in the order in which threads became ready. */
import type { ThreadPolicy } from "../policy.ts";
import { append, takeFirst, unlink } from "./links.ts";

const HEAD = 0;
const NEXT = 2;

export const fifo: ThreadPolicy = {
  words: ({ threads }) => NEXT + threads + 1,
  enqueue: (queue, _, thread) => append(queue, HEAD, NEXT, thread),
  pick: (queue) => takeFirst(queue, HEAD, NEXT),
  remove(queue, _, thread) {
    unlink(queue, HEAD, NEXT, thread);
  },
};
