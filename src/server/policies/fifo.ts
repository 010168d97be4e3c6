/** First come, first served, from one queue for all servers. The fairest order and the most contended word. */
import type { PolicyFactory } from "../policy.ts";
import { READY_QUEUE_SIZE, ReadyQueue } from "../ready-queue.ts";

export const fifo: PolicyFactory = ({ allocate }) => {
  const queue = new ReadyQueue(allocate(READY_QUEUE_SIZE));
  return {
    name: "fifo",
    enqueue: ({ env }, worker) => queue.append(env, worker),
    pick: ({ env }) => queue.take(env),
    hasWork: ({ env }) => queue.occupied(env),
  };
};
