/** A process for commands to run in, in memory: what they print, a clock of the test's, signals when the test says so. */

import type { Probes } from "../../src/bench/calibrate/probes.ts";
import type { Workload } from "../../src/bench/workload.ts";
import type { CliIo, StopSignal } from "../../src/cli/io.ts";
import { runCli } from "../../src/cli/run-cli.ts";

export interface FakeOptions {
  readonly isTTY?: boolean;
  /** What one look at the clock costs, ms. Default 0: time stands still. */
  readonly msPerLook?: number;
  /** Called at each turn (from 1) that a command gives up; may return a signal to deliver. */
  readonly onTurn?: (turn: number) => StopSignal | undefined;
  /** The machine that calibrate measures. Default: one of which nothing can be timed. */
  readonly probes?: Probes;
}

const UNREACHABLE: Probes = { probes: [], hypervisor: undefined, timerSlackNs: 0, close: () => {} };

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Handlers that were left behind. */
  readonly handlers: number;
}

/** Runs a command line to its end. */
export async function run(
  args: readonly string[],
  options: FakeOptions = {},
  workloads?: readonly Workload[],
): Promise<Ran> {
  let [stdout, stderr, now, turns] = ["", "", 0, 0];
  const handlers = new Set<(signal: StopSignal) => void>();
  const io: CliIo = {
    stdout: {
      write: (text) => {
        stdout += text;
      },
    },
    stderr: {
      isTTY: options.isTTY ?? false,
      write: (text) => {
        stderr += text;
      },
    },
    clock: () => {
      now += options.msPerLook ?? 0;
      return now;
    },
    openProbes: () => options.probes ?? UNREACHABLE,
    turn: async () => {
      const signal = options.onTurn?.(++turns);
      if (signal !== undefined) for (const handler of handlers) handler(signal);
    },
    onSignal: (handler) => {
      handlers.add(handler);
      return () => handlers.delete(handler);
    },
  };
  const code = await runCli(args, io, workloads);
  return { code, stdout, stderr, handlers: handlers.size };
}
