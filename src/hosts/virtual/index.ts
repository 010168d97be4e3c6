/** The virtual host: discrete events, virtual nanoseconds, a named cost model. Of its code, what a machine is asked for and answers. */
export type { Accounting, CpuAccount } from "./accounting.ts";
export type { BootConfig, BootCosts, BootFaults, BootPlan, WakeFaults } from "./boot-config.ts";
export { type CostModel, type IdleState, PROFILES, type ProfileName } from "./cost-model.ts";
export { parseCostProfile } from "./cost-profile.ts";
export type { BaseSource, MeasuredSource, StepSource, StepSources } from "./cost-sources.ts";
export type { CpuTimes } from "./cpu-time.ts";
export { Jitter } from "./jitter.ts";
export type { Payer, StepAccount } from "./step-ledger.ts";
export type { VirtualHost } from "./virtual-host.ts";
