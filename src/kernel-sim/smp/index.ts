/** The CPUs of a machine among themselves: bring-up, states, inter-processor interrupts. */
export type { BootReport } from "./bring-up.ts";
export {
  type CallFunction,
  type CallResult,
  callAndWait,
  callFunction,
  callNumber,
  type Unanswered,
} from "./call-function.ts";
export * from "./cpu-state.ts";
export { holdInterruptsOff, irqDisable, irqEnable, irqRestore, irqSave, irqsOn } from "./interrupts.ts";
export { raiseIrq, requestIrq, setIrqAffinity } from "./irq-routing.ts";
export { type IrqHandler, MAX_IRQS } from "./irq-table.ts";
export { IPI_CALL, IPI_RESCHEDULE, IPI_STOP, IPI_VECTORS, ipiNames, type SendResult } from "./mailbox.ts";
export { panicHere, panicNow, type StopReport } from "./stop.ts";
