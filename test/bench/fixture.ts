/** Workloads on machines of a test's own: the events of the rounds after the warm-up, and sums of step costs. */
import { WARM_UP_ROUNDS } from "../../src/bench/meter.ts";
import { TICKLESS, type Workload } from "../../src/bench/workload.ts";
import { type CostModel, PROFILES } from "../../src/hosts/virtual/cost-model.ts";
import type { StepName } from "../../src/kernel-sim/steps.ts";
import { createMachine, type MachineConfig } from "../../src/machine.ts";
import type { TraceEvent } from "../../src/trace/events.ts";

export const MODELS: readonly CostModel[] = [PROFILES.native, PROFILES.guest];

/** A clock for benchmarks whose wall time does not matter. */
export const stopped = (): number => 0;

/** The documented price of steps, ns. */
export function sum(model: CostModel, ...steps: readonly StepName[]): number {
  return steps.reduce((total, step) => total + model.steps[step], 0);
}

/** One futex-swap or pipe hand-off on one CPU: entry, wake, exit; entry, block, switch; exit. */
export function pingPongHandOff(model: CostModel): number {
  const waking = sum(model, "syscallEntry", "wake", "syscallExit");
  const waiting = sum(model, "syscallEntry", "block", "switch");
  return waking + waiting + sum(model, "syscallExit");
}

/** Virtual time of a whole run, set-up and tear-down included. */
export function runRounds(workload: Workload, config: MachineConfig, rounds: number): number {
  const machine = createMachine({ ...TICKLESS, ...config });
  workload.start(machine, { total: rounds, onRound: () => {} });
  return machine.run().virtualNs;
}

/** The events of `rounds` rounds, without warm-up, set-up and tear-down. */
export function traceRounds(workload: Workload, config: MachineConfig, rounds = 50): TraceEvent[] {
  const machine = createMachine({ ...TICKLESS, ...config, trace: true });
  const events: TraceEvent[] = [];
  const sink = {
    event(timeNs: number, kind: number, cpu: number, tid: number, arg0: number, arg1: number): void {
      events.push({ timeNs, kind, cpu, tid, arg0, arg1 });
    },
  };
  let remove = (): void => {};
  const total = WARM_UP_ROUNDS + rounds;
  const onRound = (round: number): void => {
    if (round === WARM_UP_ROUNDS) remove = machine.trace.addSink(sink);
    if (round === total) remove();
  };
  workload.start(machine, { total, onRound });
  machine.run();
  return events;
}
