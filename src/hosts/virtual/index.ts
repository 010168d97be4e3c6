/** The virtual host: discrete events, virtual nanoseconds, a named cost model. */
export * from "./accounting.ts";
export * from "./boot-config.ts";
export * from "./cost-model.ts";
export * from "./cost-profile.ts";
export * from "./cost-sources.ts";
export type { CpuTimes } from "./cpu-time.ts";
export * from "./event-heap.ts";
export * from "./jitter.ts";
export type { Payer, StepAccount } from "./step-ledger.ts";
export * from "./virtual-host.ts";
