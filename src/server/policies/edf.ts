/**
 * Earliest deadline first (Liu and Layland, 1973); workers without a deadline come last, first come first served. On one
 * server, with a short tick, it meets every deadline that any order can meet.
 */

import type { PolicyFactory } from "../policy.ts";
import { deadlineOf } from "../policy-record.ts";
import { ordered } from "./ordered.ts";

export const edf: PolicyFactory = (setup) =>
  ordered(
    "edf",
    function* (memory, a, b) {
      const first = yield* memory.load64(deadlineOf(a));
      const second = yield* memory.load64(deadlineOf(b));
      // 0 is no deadline, and the largest number when it is made one less.
      const [early, late] = [BigInt.asUintN(64, first - 1n), BigInt.asUintN(64, second - 1n)];
      return early < late ? -1 : early > late ? 1 : 0;
    },
    setup,
  );
