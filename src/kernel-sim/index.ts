/** The simulated SMP kernel: tasks, run queues, wake-up path, timers, system calls (patch 1 of UMCG v0.3 and the machine). */
export * from "./accounts.ts";
export type { BalanceConfig } from "./balance.ts";
export * from "./clone.ts";
export * from "./config.ts";
export * from "./constants.ts";
export * from "./deadlock.ts";
export type { Disposition, SignalHandler } from "./dispositions.ts";
export * from "./errors.ts";
export * from "./fair-class.ts";
export * from "./hooks.ts";
export * from "./host.ts";
export {
  IDLE_GOVERNORS,
  type IdleGovernorName,
  type IdlePolicy,
  type IdleStateRules,
  type IdleTime,
} from "./idle-governor.ts";
export * from "./ids.ts";
export * from "./kernel.ts";
export * from "./smp/index.ts";
export * from "./steps.ts";
export { Syscalls } from "./syscalls/syscalls.ts";
export * from "./task-state.ts";
export type { TimerCallback } from "./timer-owners.ts";
export { armTimer, cancelTimer, createTimer, releaseTimer } from "./timers.ts";
export * from "./topology.ts";
