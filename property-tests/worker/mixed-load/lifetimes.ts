/**
 * How long the servers of each place were there, as the trace has it: from when a task of that name first has a CPU to its exit.
 * What the servers count themselves must add up to that, but for their first and last steps.
 */
import type { Machine } from "../../../src/machine.ts";
import type { ServerStats } from "../../../src/server/server-stats.ts";
import { TRACE_SCHED_SWITCH, TRACE_TASK_EXIT } from "../../../src/trace/events.ts";
import type { TraceSink } from "../../../src/trace/sink.ts";

/** What a server does before it begins to count and after it has stopped, and who may come between, ns for each task. */
const UNCOUNTED_NS = 3_000_000;

export class Lifetimes implements TraceSink {
  readonly #machine: Machine;
  readonly #begun: Map<number, number> = new Map();
  readonly #ns: Map<string, { ns: number; tasks: number }> = new Map();

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  event(timeNs: number, kind: number, _cpu: number, tid: number): void {
    if (kind === TRACE_SCHED_SWITCH) {
      if (tid !== 0 && !this.#begun.has(tid)) this.#begun.set(tid, timeNs);
    } else if (kind === TRACE_TASK_EXIT) {
      const name = this.#machine.kernel.names.of(tid);
      const sum = this.#ns.get(name) ?? { ns: 0, tasks: 0 };
      this.#ns.set(name, { ns: sum.ns + timeNs - this.#begun.get(tid)!, tasks: sum.tasks + 1 });
    }
  }

  check(stats: readonly ServerStats[]): void {
    for (const [place, { overheadNs, busyNs, idleNs }] of stats.entries()) {
      const { ns, tasks } = this.#ns.get(`server-${place}`) ?? { ns: 0, tasks: 0 };
      const uncounted = ns - (overheadNs + busyNs + idleNs);
      if (uncounted < 0 || uncounted > tasks * UNCOUNTED_NS)
        throw new Error(
          `${tasks} servers at place ${place} lived ${ns} ns and do not count ${uncounted} of them`,
        );
    }
  }
}
