/** A policy of a user's own, for `--policy FILE`: first come, first served. */
import { type PolicyFactory, READY_QUEUE_SIZE, ReadyQueue } from "../../../src/index.ts";

const own: PolicyFactory = ({ allocate }) => {
  const queue = new ReadyQueue(allocate(READY_QUEUE_SIZE));
  return {
    name: "own",
    enqueue: ({ env }, worker) => queue.append(env, worker),
    pick: ({ env }) => queue.take(env),
    hasWork: ({ env }) => queue.occupied(env),
  };
};

export default own;
