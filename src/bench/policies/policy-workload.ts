/**
 * What the study of policies runs: workers that go on for ever, and what is counted of them.
 *
 * ```ts
 * const load: PolicyWorkload = {
 *   name: "naps",
 *   summary: "workers that sleep 100 us and compute 5 us",
 *   operations: "naps",
 *   wakes: "from when a nap was over to the next step",
 *   workers: (vcpus) => 20 * vcpus,
 *   start(machine, runtime, tally) {
 *     for (let i = 0; i < this.workers(machine.kernel.config.vcpus); i++)
 *       runtime.spawn(function* (worker) {
 *         for (;;) {
 *           const dueNs = worker.now() + 100_000;
 *           yield* worker.sleepUntil(dueNs);
 *           tally.woke(dueNs, worker.now());
 *           yield* worker.work(5_000);
 *           tally.operations++;
 *         }
 *       });
 *   },
 * };
 * ```
 *
 * A worker tells its tally of each operation and of each wake-up it has waited for, by its own clock: from when somebody
 * made it ready (or from when its time had come) to its first step. So a wake-up holds all that is between: the waker, the
 * kernel, the list, the policy's queue, the server. Rejected: the spans of the trace (trace/spans.ts), which begin in the
 * kernel, where a worker that another one unparks is not seen before a server has picked it.
 *
 * What is random is drawn by each worker from a stream of its own, so that all policies get the same durations.
 */
import type { Machine, MachineConfig } from "../../machine.ts";
import { Sfc32 } from "../../random/sfc32.ts";
import { Histogram } from "../../trace/histogram.ts";
import type { Runtime } from "../../worker/runtime.ts";

/** What workers count. One for a run; a JS object that all of them share, so it is for the virtual host. */
export class Tally {
  /** Done since the beginning of the measured stretch. */
  operations = 0;
  /** Of `woke`, ns. */
  readonly wakes: Histogram = new Histogram();
  readonly #seed: number;
  #streams = 0;

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** Somebody who was to run at `fromNs` runs, at `nowNs`; both on the clock of `worker.now()`. */
  woke(fromNs: number, nowNs: number): void {
    this.wakes.record(Math.max(0, Math.round(nowNs - fromNs)));
  }

  /** Random numbers for the next worker that asks: set-up code, so that the order is the same whatever the policy. */
  stream(): Sfc32 {
    return new Sfc32(this.#seed, ++this.#streams);
  }

  /** The warm-up is over. */
  reset(): void {
    this.operations = 0;
    this.wakes.reset();
  }
}

/** A workload of the study: of this project, or the default export of a file, `umcg bench policies --workload ./load.ts`. */
export interface PolicyWorkload {
  /** As written on the command line; of a file: what it is called in the results. */
  readonly name: string;
  /** One line: what runs. */
  readonly summary: string;
  /** What is counted, plural. */
  readonly operations: string;
  /** Whose wake-ups are measured. */
  readonly wakes: string;
  /** Workers there can be at once. Each comes with 1 KiB of user memory, its record included. */
  workers(vcpus: number): number;
  /** What the machine is to have beside or instead of what the study gives it: pipes, more memory, a topology, a fair class. */
  readonly machine?: Omit<MachineConfig, "vcpus" | "profile" | "check">;
  /** Creates the workers, which go on until the machine is left. */
  start(machine: Machine, runtime: Runtime, tally: Tally): void;
}
