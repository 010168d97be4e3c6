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
export {
  CPU_ABSENT,
  CPU_CREATED,
  CPU_FAILED,
  CPU_FAILURES,
  CPU_PRESENT,
  CPU_READY,
  CPU_RELEASED,
  CPU_STARTING,
  CPU_STATE_NAMES,
  CPU_STOPPED,
  CPU_STOPPING,
  type CpuFailure,
  type CpuStateName,
  FAIL_NO_THREAD,
  FAIL_NO_TIMER,
  FAIL_NOT_PRESENT,
  FAIL_NOT_READY,
  FAIL_NOT_RELEASED,
} from "./cpu-state.ts";
export { holdInterruptsOff, irqDisable, irqEnable, irqRestore, irqSave, irqsOn } from "./interrupts.ts";
export { raiseIrq, requestIrq, setIrqAffinity } from "./irq-routing.ts";
export { type IrqHandler, MAX_IRQS } from "./irq-table.ts";
export { IPI_CALL, IPI_RESCHEDULE, IPI_STOP, IPI_VECTORS, ipiNames, type SendResult } from "./mailbox.ts";
export { panicHere, panicNow, type StopReport } from "./stop.ts";
