/**
 * How many Workers start at once: each takes 10 to 40 ms of a CPU, so more than there are CPUs would only make each late, and
 * their deadlines with it.
 */
import { availableParallelism } from "node:os";
import PQueue from "p-queue";

/** Two at least: one waits for its files while the other compiles. */
export function startQueue(atOnce: number = availableParallelism()): PQueue {
  return new PQueue({ concurrency: Math.max(2, atOnce) });
}
