/** What may happen to an explored machine beside the steps of its CPUs, and how often. */
import { SIGUSR1 } from "../../kernel-sim/constants.ts";
import { MachineError } from "../../kernel-sim/errors.ts";
import { isSignal } from "../../kernel-sim/signals.ts";

export interface Nondeterminism {
  /** Times that a tick takes the CPU from a task in user mode while another waits for it, in all. Default 0. */
  readonly preemptions?: number;
  /** Sleeps that end for no reason, in all. Default 0. */
  readonly spuriousWakes?: number;
  /** Signals from outside, in all, each to any task. Default 0. */
  readonly signals?: number;
  /** Which signal that is. Default SIGUSR1. */
  readonly signal?: number;
  /** Names of the tasks that signals and spurious wake-ups come to. Default: all. */
  readonly victims?: readonly string[];
}

export interface CheckedNondeterminism {
  readonly preemptions: number;
  readonly spuriousWakes: number;
  readonly signals: number;
  readonly signal: number;
  readonly victims: readonly string[] | undefined;
  /** May an interrupt lead a task in user mode elsewhere? Then the borders of system calls are points of their own. */
  readonly interrupts: boolean;
  readonly spinsWait: boolean;
}

const MOST = 1000;
const KEYS = ["preemptions", "spuriousWakes", "signals", "signal", "victims"];

/** Throws ERR_CONFIG naming the first bad key or value. */
export function checkNondeterminism(given: Nondeterminism, spinsWait: boolean): CheckedNondeterminism {
  const unknown = Object.keys(given).find((key) => !KEYS.includes(key));
  if (unknown !== undefined)
    throw new MachineError(
      "ERR_CONFIG",
      `nondeterminism.${unknown} is nothing known; known are ${KEYS.join(", ")}`,
    );
  const { preemptions = 0, spuriousWakes = 0, signals = 0, signal = SIGUSR1, victims } = given;
  for (const [name, value] of Object.entries({ preemptions, spuriousWakes, signals })) {
    if (!Number.isInteger(value) || value < 0 || value > MOST)
      throw new MachineError(
        "ERR_CONFIG",
        `nondeterminism.${name} must be an integer from 0 to ${MOST}, got ${String(value)}`,
      );
  }
  if (!isSignal(signal))
    throw new MachineError("ERR_CONFIG", `nondeterminism.signal must be a signal, got ${String(signal)}`);
  const interrupts = preemptions > 0 || signals > 0;
  return { preemptions, spuriousWakes, signals, signal, victims, interrupts, spinsWait };
}
