/** A workload of a user's own, for `umcg bench policies --workload FILE`: workers that nap. */
import { exponential, type PolicyWorkload } from "../../../src/bench/index.ts";

const WORK = exponential(5_000);

const own: PolicyWorkload = {
  name: "naps",
  summary: "workers that sleep 100 us and compute 5 us",
  operations: "naps",
  wakes: "from when a nap was over to the next step",
  workers: (vcpus) => 10 * vcpus,
  machine: { jitter: true },
  start(machine, runtime, tally) {
    for (let i = 0; i < this.workers(machine.kernel.config.vcpus); i++) {
      const stream = tally.stream();
      runtime.spawn(function* (worker) {
        for (;;) {
          const dueNs = worker.now() + 100_000;
          yield* worker.sleepUntil(dueNs);
          tally.woke(dueNs, worker.now());
          yield* worker.work(WORK.draw(stream));
          tally.operations++;
        }
      });
    }
  },
};

export default own;
