/**
 * Trees of workers: each splits its range, starts a worker for one half, does the other itself and joins. A tree for four
 * vCPUs grows at a time, so that at the root and at the leaves of each there is too little to do for all of them: what
 * counts is how fast work spreads.
 */
import type { Coroutine } from "../../atomics/step.ts";
import type { Worker } from "../../worker/worker.ts";
import { exponential } from "../stats/laws.ts";
import type { PolicyWorkload, Tally } from "./policy-workload.ts";

const LEAVES = 64;
const LEAF = exponential(20_000);
const VCPUS_A_TREE = 4;

function trees(vcpus: number): number {
  return Math.ceil(vcpus / VCPUS_A_TREE);
}

/** Computes leaves `from` to `from + count`, which take `leafNs`. */
function* grow(
  worker: Worker,
  tally: Tally,
  leafNs: readonly number[],
  from: number,
  count: number,
): Coroutine<void> {
  if (count === 1) {
    yield* worker.work(leafNs[from]!);
    tally.operations++;
    return;
  }
  const half = count >>> 1;
  const startedNs = worker.now();
  const other = yield* worker.spawn(function* (own) {
    tally.woke(startedNs, own.now());
    yield* grow(own, tally, leafNs, from + half, count - half);
    return own.now();
  });
  yield* grow(worker, tally, leafNs, from, half);
  const askedNs = worker.now();
  const endedNs = yield* worker.join(other);
  if (endedNs > askedNs) tally.woke(endedNs, worker.now());
}

export const forkJoin: PolicyWorkload = {
  name: "fork-join",
  summary: `trees of ${LEAVES} leaves of 20 us, one for ${VCPUS_A_TREE} vCPUs at a time`,
  operations: "leaves",
  wakes: "from spawn to first step, and from a child's end to its parent",
  workers: (vcpus) => trees(vcpus) * LEAVES * 2,
  start(machine, runtime, tally) {
    for (let tree = 0; tree < trees(machine.kernel.config.vcpus); tree++) {
      const stream = tally.stream();
      runtime.spawn(function* root(worker) {
        for (;;) {
          const leafNs = Array.from({ length: LEAVES }, () => LEAF.draw(stream));
          yield* grow(worker, tally, leafNs, 0, LEAVES);
        }
      });
    }
  },
};
