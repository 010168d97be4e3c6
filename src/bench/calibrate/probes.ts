/** The seam between a calibration and the machine: what can be timed there. Tests put numbers of their own behind it. */
import type { Readings } from "./readings.ts";

export interface Probe {
  /** For the progress line. */
  readonly name: string;
  /** Takes a few samples: some milliseconds, and never more than a few seconds, whatever happens. */
  take(readings: Readings): void;
}

export interface Probes {
  readonly probes: readonly Probe[];
  /** Whether the machine says it runs under a hypervisor; undefined when it does not say. */
  readonly hypervisor: boolean | undefined;
  /** Slack of the process's timers, ns: part of `oversleep` that no step of the cost model covers. */
  readonly timerSlackNs: number;
  /** Ends the second thread. */
  close(): void;
}
