/** A busy machine: UMCG workers of the thread library that compute, yield, sleep and wake each other. */
import { createMachine, type Machine } from "../../src/machine.ts";
import { createRuntime } from "../../src/worker/runtime.ts";

export interface EventsOptions {
  readonly vcpus: number;
  readonly workers: number;
  /** Rounds of each worker. */
  readonly rounds: number;
}

/** One server a vCPU; a round computes for 2 to 22 us, then sleeps for 10 to 60 us (one in four) or yields. */
function busyMachine({ vcpus, workers, rounds }: EventsOptions, trace: boolean): Machine {
  const machine = createMachine({ vcpus, maxTasks: workers + vcpus, trace });
  const runtime = createRuntime(machine);
  for (let number = 0; number < workers; number++) {
    runtime.spawn(function* (worker) {
      for (let round = 0; round < rounds; round++) {
        yield* worker.work(2_000 + ((number * 7_919 + round * 104_729) % 20_000));
        if ((number + round) % 4 === 0) yield* worker.sleep(10_000 + ((number * 31 + round * 17) % 50_000));
        else yield* worker.yield();
      }
    });
  }
  return machine;
}

/** Events that such a run puts into its trace: system calls, wake-ups, switches, interrupts, idle. */
export function traceEventsOf(options: EventsOptions): number {
  const machine = busyMachine(options, true);
  let count = 0;
  machine.trace.addSink({ event: () => count++ });
  machine.run();
  return count;
}

/** Wall seconds of the run, not traced, and the discrete events that the host handled in it. */
export function runEvents(options: EventsOptions): { readonly seconds: number; readonly hostEvents: number } {
  const machine = busyMachine(options, false);
  const started = performance.now();
  const { events } = machine.run();
  return { seconds: (performance.now() - started) / 1_000, hostEvents: events };
}
