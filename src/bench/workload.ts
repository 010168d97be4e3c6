/**
 * What a benchmark workload is: tasks that hand the CPU to each other in rounds, and who of them is measured.
 *
 * A workload only creates tasks and tells when a round begins; what is measured, and how, is run-bench.ts's business. So
 * one workload serves the command line, the exactness tests and the comparisons under bench/.
 *
 * It runs on every host. So what its tasks share are words of user memory and what set-up code has made once and for all;
 * and they are set-up code's tasks, because a task that a task starts lives on that one's CPU for ever when vCPUs are threads.
 *
 * Every workload runs without ticks (`TICKLESS`): its tasks block long before a slice could end, so slices play no role,
 * and without ticks the sum of a round's step costs is exact.
 */

import type { Addr } from "../atomics/address.ts";
import { formatResult } from "../atomics/errno.ts";
import type { TaskOptions } from "../kernel-sim/clone.ts";
import type { Tid } from "../kernel-sim/ids.ts";
import type { Kernel } from "../kernel-sim/kernel.ts";
import { openPipe } from "../kernel-sim/syscalls/pipe.ts";
import type { MachineConfig } from "../machine.ts";
import type { Program } from "../umcg/env.ts";

/** How many rounds a workload goes through, and whom it tells. */
export interface Rounds {
  /** All rounds, warm-up included; at least 1. */
  readonly total: number;
  /** Those of them that come before the measured ones. Default 0. */
  readonly warmUp?: number;
  /** The leading task calls it from user mode before each round (0, 1, ...), and with `total` after the last. */
  onRound(round: number): void;
}

/** Where a workload takes place: a machine that has not run yet, on any host. */
export interface Stage {
  readonly kernel: Kernel;
  spawn(program: Program, options?: TaskOptions): Tid;
  allocate(bytes: number, align?: number): Addr;
}

export interface Workload {
  /** As written on the command line. */
  readonly name: string;
  /** One line. */
  readonly summary: string;
  /** What one loop is, in words. */
  readonly loop: string;
  /** Hand-offs in one loop: ns per op is the time of a loop divided by this. */
  readonly handOffsPerLoop: number;
  /**
   * Creates the tasks on a machine that has not run yet; when it runs, they go through `rounds` and exit. Returns the
   * tasks whose wake-ups count; the set is complete when the first round begins.
   */
  start(machine: Stage, rounds: Rounds): ReadonlySet<Tid>;
}

/** Part of the configuration of every machine that runs a workload. */
export const TICKLESS: Pick<MachineConfig, "tickHz"> = { tickHz: 0 };

/** Work of a leader before its first round: by then its partner, on another CPU, has gone to sleep. */
export const SETTLE_NS = 10_000;

/** Opens a pipe before anybody runs: tasks that are not each other's parents share its number as what never changes. */
export function setUpPipe({ kernel }: Stage): number {
  const fd = openPipe(kernel, 0);
  if (fd < 0) expectResult("pipe", fd, 0);
  return fd;
}

/** A workload failed: a call answered what it never should. Becomes the cause of ERR_PROGRAM_THREW. */
export function expectResult(call: string, result: number, expected: number): void {
  if (result !== expected)
    throw new Error(`${call} returned ${formatResult(result)}, not ${formatResult(expected)}`);
}
