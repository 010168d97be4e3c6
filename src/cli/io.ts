/**
 * What the command line asks of the process it runs in: so that tests run commands in memory, on their own clock.
 *
 * Signals. The simulation is synchronous, so a handler runs only when a command gives up its turn (`turn`), which
 * commands do between stretches of a run.
 */
import { openNodeProbes } from "../bench/calibrate/node-probes.ts";
import type { Probes } from "../bench/calibrate/probes.ts";
import { wantsColour } from "./style.ts";

export interface Output {
  write(text: string): void;
  /** Colours are wanted (style.ts). Default false. */
  readonly colour?: boolean;
}

export type StopSignal = "SIGINT" | "SIGTERM";

/** What a shell reports for a process that ended on the signal. */
export const SIGNAL_EXIT: Readonly<Record<StopSignal, number>> = { SIGINT: 130, SIGTERM: 143 };

export interface CliIo {
  readonly stdout: Output;
  readonly stderr: Output & { readonly isTTY: boolean; readonly columns?: number | undefined };
  /** Wall clock, ms. */
  clock(): number;
  /** Lets pending signals be handled. */
  turn(): Promise<void>;
  /** Calls `handler` on SIGINT and SIGTERM instead of ending the process, until the returned function is called. */
  onSignal(handler: (signal: StopSignal) => void): () => void;
  /** What can be timed of the machine this runs on. */
  openProbes(): Probes;
}

/** The real thing. */
export function nodeIo(): CliIo {
  return {
    stdout: {
      write: (text) => process.stdout.write(text),
      colour: wantsColour(process.stdout.isTTY === true, process.env),
    },
    stderr: {
      write: (text) => process.stderr.write(text),
      isTTY: process.stderr.isTTY === true,
      colour: wantsColour(process.stderr.isTTY === true, process.env),
      get columns() {
        return process.stderr.columns;
      },
    },
    clock: () => performance.now(),
    openProbes: openNodeProbes,
    turn: () => new Promise((resolve) => setImmediate(resolve)),
    onSignal(handler) {
      process.on("SIGINT", handler);
      process.on("SIGTERM", handler);
      return () => {
        process.off("SIGINT", handler);
        process.off("SIGTERM", handler);
      };
    },
  };
}
