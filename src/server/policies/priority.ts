/**
 * Fixed priorities: the highest first, first come first served within one. A tick takes the CPU from a worker only for one
 * of a higher priority, so one that never blocks keeps out whoever is not above it, as with SCHED_FIFO.
 */

import type { PolicyFactory } from "../policy.ts";
import { priorityOf } from "../policy-record.ts";
import { ordered } from "./ordered.ts";

export const priority: PolicyFactory = (setup) =>
  ordered(
    "priority",
    function* (memory, a, b) {
      return ((yield* memory.load32(priorityOf(b))) | 0) - ((yield* memory.load32(priorityOf(a))) | 0);
    },
    setup,
  );
