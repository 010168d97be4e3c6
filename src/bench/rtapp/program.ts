/** A description of tasks in the manner of rt-app, read and checked. */
import type { SchedPolicy } from "../../kernel-sim/sched-table.ts";

export interface RtappProgram {
  /** undefined: until every task has ended. */
  readonly durationNs: number | undefined;
  /** ns of a loop of the calibration: for the column `perf` alone. */
  readonly calibrationNs: number;
  readonly cumulativeSlack: boolean;
  readonly tasks: readonly RtappTask[];
}

export interface Scheduling {
  readonly policy: SchedPolicy;
  /** Of the real-time policies; 0 of others. */
  readonly rtPriority: number;
  readonly nice: number;
}

/** What a thread or a phase may set; undefined: it stays as it is. */
export interface Settings {
  readonly scheduling: Scheduling | undefined;
  readonly cpus: readonly number[] | undefined;
}

export interface RtappTask extends Settings {
  readonly name: string;
  readonly instances: number;
  readonly delayNs: number;
  /** Times that all phases are done; undefined: without end. */
  readonly loop: number | undefined;
  readonly phases: readonly RtappPhase[];
}

export interface RtappPhase extends Settings {
  readonly name: string;
  readonly loop: number;
  readonly events: readonly RtappEvent[];
}

export type RtappEvent =
  | { readonly kind: "run" | "runtime" | "sleep"; readonly ns: number }
  | { readonly kind: "timer"; readonly ref: string; readonly periodNs: number; readonly absolute: boolean }
  | { readonly kind: "wait" | "sync"; readonly ref: string; readonly mutex: string }
  | {
      readonly kind: "lock" | "unlock" | "signal" | "broad" | "barrier" | "suspend" | "resume" | "fork";
      readonly ref: string;
    }
  | { readonly kind: "yield" };
