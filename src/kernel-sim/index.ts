/**
 * The simulated SMP kernel: tasks, run queues, wake-up path, timers, system calls (patch 1 of UMCG v0.3 and the machine). Of
 * its code, what users of a machine set, see in traces and dumps, and program devices with.
 */
export type { TaskAccount } from "./accounts.ts";
export type { BalanceConfig } from "./balance.ts";
export type { TaskOptions } from "./clone.ts";
export { type KernelConfig, WAKE_MODES, type WakeMode } from "./config.ts";
export * from "./constants.ts";
export { describeWaiters, type Waiter } from "./deadlock.ts";
export type { Disposition, SignalHandler } from "./dispositions.ts";
export { MachineError, type MachineErrorCode } from "./errors.ts";
export {
  FAIR_POLICIES,
  type FairClass,
  type FairPolicy,
  GLOBAL_POLICIES,
  type GlobalPolicy,
  QUEUE_POLICIES,
} from "./fair-class.ts";
export type { Hooks } from "./hooks.ts";
export type { Host } from "./host.ts";
export {
  IDLE_GOVERNORS,
  type IdleGovernorName,
  type IdlePolicy,
  type IdleStateRules,
  type IdleTime,
} from "./idle-governor.ts";
export { type CpuId, cpuId, type Tid, tid } from "./ids.ts";
export type { Kernel } from "./kernel.ts";
export * from "./smp/index.ts";
export * from "./steps.ts";
export type { Syscalls } from "./syscalls/syscalls.ts";
export type { TimerCallback } from "./timer-owners.ts";
export { armTimer, cancelTimer, createTimer, releaseTimer } from "./timers.ts";
export type { DomainLevel, Topology, TopologyConfig } from "./topology.ts";
