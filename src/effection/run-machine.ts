/** A machine's run as an operation. */
import { action, type Operation } from "effection";
import type { Machine, Progress, RunResult, SliceOptions } from "../machine.ts";

/** How a run goes in slices, and who is told. */
export interface RunMachineOptions extends SliceOptions {
  /** Told after each slice but the last. What it throws fails the operation. */
  readonly onProgress?: (progress: Progress) => void;
}

/**
 * Runs a machine in slices of some ms of wall time, with a turn of the event loop after each. Halted, it ends between two
 * slices, and the machine can be run on. Throws what `Machine.run` throws.
 */
export function runMachine(machine: Machine, options: RunMachineOptions = {}): Operation<RunResult> {
  return {
    *[Symbol.iterator]() {
      const slices = machine.slices(options);
      try {
        for (;;) {
          const { done, value } = slices.next();
          if (done) return value;
          options.onProgress?.(value);
          yield* turn();
        }
      } finally {
        slices.return(undefined as never);
      }
    },
  };
}

/** A turn of the event loop. */
function turn(): Operation<void> {
  return action((resolve) => {
    const immediate = setImmediate(resolve);
    return () => clearImmediate(immediate);
  });
}
