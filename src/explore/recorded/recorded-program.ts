/**
 * The program of a run on real threads, for the explore host: the same set-up function, each task on the CPU that it ran on, and
 * CPUs that go on with whom they went on with.
 */
import { setAffinity } from "../../kernel-sim/affinity.ts";
import { MachineError } from "../../kernel-sim/errors.ts";
import type { ExploredConfig, ExploredMachine } from "../../machine/explored-machine.ts";
import type { ProgramMachine } from "../../machine/threads/run-program.ts";
import type { Explorable } from "../explorable.ts";
import { KernelSystem } from "../kernel/kernel-system.ts";
import type { Recording } from "./recording.ts";

/** What set-up code uses of a machine that an explored one has, too. `say` is heard by nobody. */
export interface RecordedSetUp extends ProgramMachine {
  acceptCompletions(): void;
}

/** The machine that a recorded run is made again on. */
export interface RecordedOptions extends Omit<ExploredConfig, "picks" | "trace"> {
  /** As of the machine that was recorded. */
  readonly args?: unknown;
}

/** Enough for a ticks' worth of preemptions at each turn. */
const PREEMPTIONS = 1000;
const SIZE = { maxTasks: 64, userBytes: 1 << 18, maxPipes: 16, maxFiles: 32, maxTimers: 16 } as const;

/** A recorded run's program under the explorer. */
export interface RecordedProgram extends Explorable {
  readonly makeSystem: () => KernelSystem;
}

/** `setUp`: what the recorded machine's image exports, of the same `args`. Sizes that are not given are ample. */
export function recordedProgram(
  setUp: (machine: RecordedSetUp) => void,
  recording: Recording,
  { args, ...options }: RecordedOptions = {},
): RecordedProgram {
  const nondeterminism = { preemptions: PREEMPTIONS, ...options.nondeterminism };
  const { vcpus, picks } = recording;
  const config = { ...SIZE, vcpus, ...options, nondeterminism, picks, trace: true };
  const program = (machine: ExploredMachine): void => {
    const { kernel } = machine;
    setUp(asSetUp(machine, args));
    for (const [tid, cpu] of recording.homes)
      if (tid <= kernel.lastTid && cpu < kernel.config.vcpus) setAffinity(kernel, tid, [cpu]);
  };
  return { makeSystem: () => new KernelSystem(program, config) };
}

function asSetUp(machine: ExploredMachine, args: unknown): RecordedSetUp {
  return {
    userSpace: machine.userSpace,
    kernel: machine.kernel,
    args,
    say: () => undefined,
    spawn: (program, options) => machine.spawn(program, options),
    allocate: (bytes, align) => machine.allocate(bytes, align),
    protect: (a, length, protection) => machine.protect(a, length, protection),
    swapOut: (a, length) => machine.swapOut(a, length),
    acceptCompletions: () => {
      throw new MachineError(
        "ERR_CONFIG",
        "completions come from the main thread: a run with them cannot be followed",
      );
    },
  };
}
