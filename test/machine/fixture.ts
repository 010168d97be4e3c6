/** Machines that run for long enough to be cut into slices, and that end on their own. */
import { createMachine, type Machine, type MachineConfig } from "../../src/machine.ts";
import { TraceHash } from "../../src/trace/hash.ts";
import type { Env } from "../../src/umcg/env.ts";

export interface Busy {
  readonly machine: Machine;
  readonly hash: TraceHash;
}

/** `rounds` rounds of two tasks that sleep, compute and wake each other on two CPUs. */
export function busy(rounds: number, config: MachineConfig = {}): Busy {
  const machine = createMachine({ vcpus: 2, trace: true, traceEvents: 256, ...config });
  const hash = new TraceHash();
  machine.trace.addSink(hash);
  const word = machine.allocate(4);
  const turnsOf = (own: number) =>
    function* (env: Env) {
      for (let round = 0; round < rounds; round++) {
        yield* env.work(500 + own * 37);
        yield* env.sys.futexWake(word, 1);
        yield* env.sys.futexWait(word, 0, 20_000);
      }
    };
  machine.spawn(turnsOf(0));
  machine.spawn(turnsOf(1));
  return { machine, hash };
}

/** The code of what a promise rejects with. */
export async function codeOf(promise: Promise<unknown>): Promise<unknown> {
  const error = await promise.then(
    () => new Error("it did not reject"),
    (reason: unknown) => reason,
  );
  return error instanceof Error && "code" in error ? error.code : error;
}
