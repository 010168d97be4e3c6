/**
 * What `priority` and `edf` have in common: one queue for all servers, in an order; a tick yields to whoever is before, and
 * who is preempted keeps its place among its equals.
 */
import { NULL } from "../../atomics/address.ts";
import { type Comparison, ORDERED_QUEUE_SIZE, OrderedQueue } from "../ordered-queue.ts";
import type { Policy, PolicySetup } from "../policy.ts";

export function ordered(name: string, compare: Comparison, { allocate }: PolicySetup): Policy {
  const queue = new OrderedQueue(allocate(ORDERED_QUEUE_SIZE), compare);
  return {
    name,
    enqueue: ({ env }, worker, reason) => queue.insert(env, worker, reason === "preempted"),
    pick: ({ env }) => queue.take(env),
    *hasWork({ env }) {
      return (yield* queue.first(env.memory)) !== NULL;
    },
    *onTick({ env: { memory } }, worker) {
      const first = yield* queue.first(memory);
      return first !== NULL && (yield* compare(memory, first, worker)) < 0;
    },
  };
}
