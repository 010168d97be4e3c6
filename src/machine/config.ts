/** What a machine is made from, and what a run of it is given and gives. */
import type { Known } from "../diagnostics/known-options.ts";
import type { BootConfig } from "../hosts/virtual/boot-config.ts";
import type { CostModel, ProfileName } from "../hosts/virtual/cost-model.ts";
import type { BalanceConfig } from "../kernel-sim/balance.ts";
import type { KernelConfig, WakeMode } from "../kernel-sim/config.ts";
import { KERNEL_OPTIONS } from "../kernel-sim/default-config.ts";
import type { FairPolicy } from "../kernel-sim/fair-class.ts";
import type { TopologyConfig } from "../kernel-sim/topology.ts";
import type { UninitialisedLocal } from "../umcg/posted-servers.ts";
import type { UmcgProfile } from "../umcg/umcg.ts";

/** A machine: CPUs, memory, prices, the rules of its kernel. Times in ns. Everything has a default. */
export interface MachineConfig {
  /** vCPUs, 1 to 1024. Default 1. */
  readonly vcpus?: number;
  /** Tasks that can exist at once. Default 1024. */
  readonly maxTasks?: number;
  /** Bytes of user memory, a multiple of 4096. Default 1 MiB. */
  readonly userBytes?: number;
  /** Default 64 and 4096. */
  readonly maxPipes?: number;
  readonly pipeBytes?: number;
  /** Descriptors beside those of pipes. Default 64. */
  readonly maxFiles?: number;
  /** Files that epolls can watch at once, in all. Default 256. */
  readonly maxWatches?: number;
  /** Timers that devices and timerfds can have at once (`createTimer`). Default 64. */
  readonly maxTimers?: number;
  /** What it takes to read a page that is on disk, ns. Default 100 000. */
  readonly majorFaultNs?: number;
  /** Cost profile: "native" (default), "guest", "ideal" (everything is free), or one of your own (`parseCostProfile`). */
  readonly profile?: ProfileName | CostModel;
  /**
   * Idle state by name: "poll", "c1", "c1e", "c6" (native), "poll", "hlt" (guest); or who chooses among them: "menu",
   * "haltpoll", "oracle" (idle-governor.ts). Default: the profile's state.
   */
  readonly idle?: string;
  /** Ticks a second and CPU; 0 = none. Default 250. */
  readonly tickHz?: number;
  /** Threads of a core, cores of an LLC, LLCs of a socket. Default: one thread a core, one LLC, one socket. */
  readonly topology?: TopologyConfig;
  /** When CPUs pull waiting tasks from each other: out of work, and from the tick. Default: never. */
  readonly balance?: BalanceConfig;
  /** Working set of a task, bytes, that it fetches again when it comes to another core. Default 0: that costs nothing. */
  readonly migrationBytes?: number;
  /**
   * Rules of the fair class: "virtual-time" (default), "eevdf-6.12" or "eevdf-7.2"; or a discipline of queueing theory, on
   * one queue for all CPUs: "fcfs", "rr", "ps" or "srpt".
   */
  readonly fair?: FairPolicy;
  /** Slice of a fair task, ns. Default: EEVDF's base slice for the number of CPUs; 1000 for "ps". */
  readonly sliceNs?: number;
  /** Slices end by a timer of their own instead of at the tick. Default false; "rr" and "ps" always do. */
  readonly hrtick?: boolean;
  /** Timer slack, ns. Default 50 000. */
  readonly timerSlackNs?: number;
  /** How primitives wake; one mode for all, or by primitive. Default: pipe "sync", futex "any", umcg "current-cpu". */
  readonly wake?: WakeMode | Partial<KernelConfig["wake"]>;
  /** What bringing the CPUs up costs, and what goes wrong. Default: nothing, nothing. */
  readonly boot?: BootConfig;
  /** Noise on step costs. Default off. */
  readonly jitter?: boolean;
  /** Seed of the noise, an integer. Default 1. */
  readonly seed?: number;
  /** UMCG profile: v0.3 completed ("hardened", the default), or as it was posted, flaws included ("posted"). */
  readonly umcg?: UmcgProfile;
  /** F4 of the posted profile: what an uninitialised local holds. Default "zero". */
  readonly uninitialisedLocal?: UninitialisedLocal;
  /** Count what each step costs and who pays (`Machine.accounting().steps`). Default false: it takes 3 % of the speed. */
  readonly accounting?: boolean;
  /** Keep a trace. Default false: then tracing costs nothing. */
  readonly trace?: boolean;
  /**
   * Hold the run to the invariants of UMCG (docs/invariants.md); "kernel": only to the kernel's part; a function: wholly the
   * tasks for which it says true, as long as the others leave them alone. Traces. Default false.
   */
  readonly check?: boolean | "kernel" | ((tid: number) => boolean);
  /** Events the trace ring holds, a power of two. Default 65536. */
  readonly traceEvents?: number;
  /** Memory that other threads may look into, accessed with `Atomics`: for library mode. Not with `check`. Default false. */
  readonly sharedMemory?: boolean;
}

/** The names of what a machine is made from. */
export const MACHINE_OPTIONS: Known<MachineConfig> = {
  ...KERNEL_OPTIONS,
  profile: true,
  idle: true,
  boot: true,
  jitter: true,
  seed: true,
  umcg: true,
  uninitialisedLocal: true,
  accounting: true,
  trace: true,
  check: true,
  traceEvents: true,
  sharedMemory: true,
};

/** What a run came to, counted from boot. */
export interface RunResult {
  /** Virtual time at the end, ns. */
  readonly virtualNs: number;
  /** Context switches, to idle and back included. */
  readonly switches: number;
  readonly ipis: number;
  readonly ipisCoalesced: number;
  /** Events the host handled. */
  readonly events: number;
}

/** When a run is to end before its last task does. */
export interface RunOptions {
  /** Stop when virtual time reaches this, ns, up to 2^52. Default: run until every task has exited. */
  readonly untilNs?: number;
  /** Asked now and then; true ends the run early. */
  readonly stop?: () => boolean;
}
