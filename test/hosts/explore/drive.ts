/** Driving an explored machine in tests: by random choices from a seed, or along a schedule that was written down. */
import type { ExploredMachine } from "../../../src/machine/explored-machine.ts";
import { Sfc32 } from "../../../src/random/sfc32.ts";
import { TraceHash } from "../../../src/trace/hash.ts";

/** What a program does before the first step: allocate and spawn. */
export type Setup = (machine: ExploredMachine) => void;

export interface Outcome {
  /** The actors, in the order of their steps. */
  readonly schedule: readonly number[];
  readonly digest: string;
  /** Message of the first line of what was thrown; undefined: it ended well. */
  readonly failure: string | undefined;
}

const MAX_STEPS = 20_000;

/** Runs one execution; `choose` takes one of the actors that are enabled. */
export function drive(
  machine: ExploredMachine,
  setup: Setup,
  choose: (enabled: Int32Array, at: number) => number,
): Outcome {
  const enabled = new Int32Array(machine.host.actors.count);
  const schedule: number[] = [];
  machine.begin();
  const hash = new TraceHash();
  const remove = machine.trace.addSink(hash);
  let failure: string | undefined;
  try {
    setup(machine);
    while (!machine.ended) {
      const count = machine.enabled(enabled);
      if (count === 0) machine.failStuck();
      if (schedule.length === MAX_STEPS) throw new Error(`no end within ${MAX_STEPS} steps`);
      const actor = choose(enabled.subarray(0, count), schedule.length);
      schedule.push(actor);
      machine.step(actor);
    }
  } catch (error) {
    failure = (error as Error).message.split("\n")[0]!;
    machine.trace.forget();
  }
  remove();
  return { schedule, digest: hash.digest(), failure };
}

export function randomRun(machine: ExploredMachine, setup: Setup, seed: number): Outcome {
  const random = new Sfc32(seed);
  return drive(machine, setup, (enabled) => enabled[Math.floor(random.next() * enabled.length)]!);
}

export function replay(machine: ExploredMachine, setup: Setup, schedule: readonly number[]): Outcome {
  return drive(machine, setup, (enabled, at) => {
    const actor = schedule[at];
    if (actor === undefined || !enabled.includes(actor))
      throw new Error(`step ${at}: actor ${actor} is not enabled`);
    return actor;
  });
}
