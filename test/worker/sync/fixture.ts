/** Workers on a machine of their own, for tests of synchronisation. */
import type { Coroutine } from "../../../src/atomics/step.ts";
import { createMachine, type Machine } from "../../../src/machine.ts";
import { createRuntime } from "../../../src/worker/runtime.ts";
import type { Worker } from "../../../src/worker/worker.ts";
import { SyncRig } from "../../support/sync-rig.ts";

export type Body = (worker: Worker) => Coroutine<unknown>;

/** Runs workers, named w0, w1 and so on, to their ends, first come, first served. */
export function runWorkers(machine: Machine, ...bodies: readonly Body[]): void {
  const runtime = createRuntime(machine, { policy: "fifo" });
  bodies.forEach((body, number) => {
    runtime.spawn(body, { name: `w${number}` });
  });
  machine.run();
}

export function smallMachine(vcpus = 1): Machine {
  return createMachine({ vcpus, timerSlackNs: 0 });
}

/** The code and the message of what an operation throws; "nothing". */
export function* complaintOf(operation: Coroutine<unknown>): Coroutine<string> {
  try {
    yield* operation;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return `${String(Reflect.get(error, "code"))} ${error.message}`;
  }
  return "nothing";
}

/** How many memory operations an operation takes when nobody else is there. */
export function costOf(
  prepare: (rig: SyncRig) => (worker: SyncRig["workers"][number]) => readonly Coroutine<unknown>[],
): number[] {
  const rig = new SyncRig();
  const operations = prepare(rig);
  const costs: number[] = [];
  rig.spawn(function* (worker) {
    for (const operation of operations(worker)) {
      let steps = 0;
      for (let step = operation.next(); step.done !== true; step = operation.next(1)) {
        steps++;
        yield step.value;
      }
      costs.push(steps);
    }
  });
  rig.run(1);
  for (const error of rig.errors.values()) throw error;
  return costs;
}
