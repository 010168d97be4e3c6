/** What a machine on real threads is made from, and what a run of it gives. */
import type { Known } from "../../diagnostics/known-options.ts";
import type { LockCounts } from "../../hosts/threads/vcpu/lock-words.ts";
import type { KernelConfig } from "../../kernel-sim/config.ts";
import { KERNEL_OPTIONS, type KernelOptions, kernelConfigOf } from "../../kernel-sim/default-config.ts";
import { POLLING } from "../../kernel-sim/idle-governor.ts";
import type { UmcgProfile } from "../../umcg/umcg.ts";
import type { HostOptions } from "./host-tasks/jobs.ts";

/** What the ring of a CPU holds by default. */
export const TRACE_EVENTS = 65_536;

/** Kernel options mean what they mean in `MachineConfig`; times are real. */
export interface ThreadMachineConfig extends KernelOptions, HostOptions {
  /** The module that defines the program, TypeScript or JavaScript. Every CPU loads it. */
  readonly image: URL;
  /** Name of the exported function that sets the program up (`SetUpFunction`). Default "setUp". */
  readonly entry?: string;
  /** What it is given as `machine.args`: anything that can be cloned. */
  readonly args?: unknown;
  /** UMCG profile. Default "hardened". */
  readonly umcg?: UmcgProfile;
  /** How long the Workers of CPUs may take to load, and those of host threads, ms. Default 20 000. */
  readonly loadTimeoutMs?: number;
  /** Does an idle CPU spin before it sleeps? Default: if there is a core for each. */
  readonly spin?: boolean;
  /** Hold every CPU to the order of the kernel's locks (ERR_LOCK_ORDER): for tests of the kernel. Default false. */
  readonly checkLocks?: boolean;
  /**
   * How likely a CPU is held up, for up to 0.3 ms, at each place where it looks at or changes what CPUs share: for tests of the
   * kernel. Default 0; 0.001 makes races that are rare common.
   */
  readonly disturb?: number;
  /** Keep a trace: the last events of each CPU, in one order (`ThreadMachine.trace`, when it has stopped). Default false. */
  readonly trace?: boolean;
  /** Events that each CPU keeps, a power of two. Default 65536. */
  readonly traceEvents?: number;
  /** Hears what programs say (`machine.say`), in each CPU's order; all of it before `halt` resolves, not before `run` does. */
  readonly onMessage?: (value: unknown, cpu: number) => void;
}

/** The names of what a machine on real threads is made from. */
export const THREAD_MACHINE_OPTIONS: Known<ThreadMachineConfig> = {
  ...KERNEL_OPTIONS,
  maxHostTasks: true,
  hostSpares: true,
  hostLimits: true,
  image: true,
  entry: true,
  args: true,
  umcg: true,
  loadTimeoutMs: true,
  spin: true,
  checkLocks: true,
  disturb: true,
  trace: true,
  traceEvents: true,
  onMessage: true,
};

/** What a run on real threads came to. */
export interface ThreadRunResult {
  /** From `run` to the exit of the last task, ns. */
  readonly ns: number;
  /** Of all CPUs: context switches, to idle and back included. */
  readonly switches: number;
  readonly ipis: number;
  readonly ipisCoalesced: number;
  /** How often the kernel was entered, from user mode or from sleep. */
  readonly sections: number;
  readonly locks: LockResult;
  /** By CPU: how long it takes to wake it, ns, on average; 0 = it was not woken. */
  readonly wakeNs: readonly number[];
}

/** The kernel's locks, by class, of all CPUs and of main. docs/threads-host.md has what is under which. */
export interface LockResult {
  /** Sections of the kernel that found another CPU in the kernel when they began: at least so many were made at once. */
  readonly overlaps: number;
  /** The objects lock: all others out, and shared with them. */
  readonly alone: LockCounts;
  readonly shared: LockCounts;
  readonly epolls: LockCounts;
  readonly files: LockCounts;
  readonly buckets: LockCounts;
  readonly queues: LockCounts;
}

/** How long a run may take. */
export interface ThreadRunOptions {
  /** Reject with ERR_RUN_LIMIT if tasks are left by then, ms. The machine runs on. Default: wait for ever. */
  readonly timeoutMs?: number;
}

/** Idle states have no part: how long a wake-up takes is real. */
export function threadKernelConfig(config: ThreadMachineConfig): KernelConfig {
  return kernelConfigOf(config, POLLING);
}
