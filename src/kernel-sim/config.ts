/** The part of a machine's configuration that shapes the kernel. Validated by `checkKernelConfig`, which names the bad value. */

import type { BalanceConfig } from "./balance.ts";
import { WF_CURRENT_CPU, WF_SYNC } from "./constants.ts";
import { MachineError } from "./errors.ts";
import { FAIR_POLICIES, type FairPolicy } from "./fair-class.ts";
import type { IdlePolicy } from "./idle-governor.ts";
import { checkTopology, type TopologyConfig } from "./topology.ts";

/** How a primitive wakes: no flag, WF_SYNC or WF_CURRENT_CPU. */
export type WakeMode = "any" | "sync" | "current-cpu";

/** Every wake mode. */
export const WAKE_MODES: readonly WakeMode[] = ["any", "sync", "current-cpu"];

export function wakeFlags(mode: WakeMode): number {
  return mode === "any" ? 0 : mode === "sync" ? WF_SYNC : WF_CURRENT_CPU;
}

/** What a kernel is made with, complete: `MachineConfig` has the defaults. Times in ns. */
export interface KernelConfig {
  /** vCPUs, 1 to 1024. */
  readonly vcpus: number;
  /** Tasks that can exist at once, 1 to 2^21. */
  readonly maxTasks: number;
  /** Bytes of user memory, a multiple of the page size. */
  readonly userBytes: number;
  /** Pipes that can exist at once. */
  readonly maxPipes: number;
  /** Bytes a pipe holds. */
  readonly pipeBytes: number;
  /** Descriptors beside those of pipes: eventfds, timerfds, epolls. */
  readonly maxFiles: number;
  /** Files that epolls can watch at once, in all. */
  readonly maxWatches: number;
  /** Timers that devices can have at once, beside the one of each task. */
  readonly maxTimers: number;
  /** What it takes to read a page that is on disk, ns. */
  readonly majorFaultNs: number;
  /** Ticks a second and CPU, 0 = none: then a slice ends only when its task blocks or yields. */
  readonly tickHz: number;
  /** What CPUs do that have nothing to run. */
  readonly idle: IdlePolicy;
  /** When CPUs pull tasks from each other. */
  readonly balance: BalanceConfig;
  /** Which CPUs share a core, a cache, a socket. */
  readonly topology: TopologyConfig;
  /** Bytes that a task fetches again on another core, unless it has a working set of its own. 0 = that costs nothing. */
  readonly migrationBytes: number;
  /** Rules of the fair class. */
  readonly fair: FairPolicy;
  /** Slice of a fair task, ns. */
  readonly sliceNs: number;
  /** Do slices end by a timer of their own instead of at the tick? */
  readonly hrtick: boolean;
  /** Timer slack of nanosleep, ns. */
  readonly timerSlackNs: number;
  /** How each primitive wakes. Linux: pipe "sync", futex "any", UMCG "current-cpu". */
  readonly wake: Readonly<Record<"pipe" | "futex" | "umcg", WakeMode>>;
}

/** Base slice of EEVDF: 0.7 ms times 1 + floor(log2(min(cpus, 8))), in ns. Source: kernel/sched/fair.c, 6.12. */
export function baseSliceNs(vcpus: number): number {
  return 700_000 * (1 + Math.floor(Math.log2(Math.min(vcpus, 8))));
}

const RANGES = {
  vcpus: [1, 1024],
  maxTasks: [1, 1 << 21],
  userBytes: [4096, 2 ** 31 - 4096],
  maxPipes: [0, 1 << 16],
  pipeBytes: [1, 1 << 20],
  maxFiles: [0, 1 << 16],
  maxWatches: [0, 1 << 20],
  maxTimers: [0, 1 << 16],
  majorFaultNs: [0, 1e9],
  tickHz: [0, 10_000],
  sliceNs: [1, 1e9],
  timerSlackNs: [0, 1e9],
  migrationBytes: [0, 1e9],
} as const;

/** Throws ERR_CONFIG unless `value` is an integer from `low` to `high`. */
export function checkInteger(name: string, value: unknown, low: number, high: number): void {
  if (typeof value !== "number" || !Number.isInteger(value) || value < low || value > high) {
    throw new MachineError(
      "ERR_CONFIG",
      `${name} must be an integer from ${low} to ${high}, got ${String(value)}`,
    );
  }
}

/** Throws ERR_CONFIG naming the first value that is not an integer within its range. */
export function checkKernelConfig(config: KernelConfig): void {
  for (const [name, [low, high]] of Object.entries(RANGES)) {
    checkInteger(name, config[name as keyof typeof RANGES], low, high);
  }
  if (config.userBytes % 4096 !== 0) {
    throw new MachineError("ERR_CONFIG", `userBytes must be a multiple of 4096, got ${config.userBytes}`);
  }
  checkTopology(config.topology);
  checkBalance(config);
  if (!FAIR_POLICIES.includes(config.fair)) {
    throw new MachineError(
      "ERR_CONFIG",
      `fair must be one of ${FAIR_POLICIES.join(", ")}, got ${String(config.fair)}`,
    );
  }
  if (typeof config.hrtick !== "boolean") {
    throw new MachineError("ERR_CONFIG", `hrtick must be true or false, got ${String(config.hrtick)}`);
  }
  for (const [primitive, mode] of Object.entries(config.wake)) {
    if (!WAKE_MODES.includes(mode)) {
      throw new MachineError(
        "ERR_CONFIG",
        `wake.${primitive} must be one of ${WAKE_MODES.join(", ")}, got ${String(mode)}`,
      );
    }
  }
}

function checkBalance({ balance, tickHz }: KernelConfig): void {
  for (const [name, value] of Object.entries(balance)) {
    if (name !== "newIdle" && name !== "periodic") {
      throw new MachineError("ERR_CONFIG", `balance.${name} is no switch; known are newIdle, periodic`);
    }
    if (typeof value !== "boolean") {
      throw new MachineError("ERR_CONFIG", `balance.${name} must be true or false, got ${String(value)}`);
    }
  }
  if (balance.periodic && tickHz === 0) {
    throw new MachineError(
      "ERR_CONFIG",
      "balance.periodic must be false without ticks (tickHz is 0), got true",
    );
  }
}
