/** Ownership of the kernel's CPUs by threads of an application. */
export { awaitTurn, giveTurn, layOutTurns, switchTo, type TurnLayout } from "./context.ts";
export * from "./cpus.ts";
export { type GateAnswer, gateClosed, sharesInside } from "./entry-gate.ts";
export { type IrqHandler, MAX_IRQ_ROUNDS } from "./irqs.ts";
export { type CpuLayout, type CpuSizes, layOutCpus } from "./layout.ts";
export { type Reaped, reapThread, waitShutdown } from "./shutdown.ts";
export { CpuToken } from "./token.ts";
