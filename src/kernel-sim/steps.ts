/**
 * The named steps that cost time. The kernel says which step it takes; the host says what it costs.
 *
 * A charge is owed by the CPU that makes it and is paid at the next point where the host lets time pass. Prices
 * are in `hosts/virtual/cost-model.ts`, their sources in docs/costs.md.
 */
export const STEP_NAMES = [
  "syscallEntry",
  "syscallExit",
  "wake",
  "idleScan",
  "block",
  "switch",
  "cacheLine",
  "ipiSend",
  "ipiDeliver",
  "idleLoopExit",
  "timerArm",
  "timerInterrupt",
  "tick",
  "minorFault",
  "threadCreate",
  "timerReprogram",
  "cacheLineSmt",
  "cacheLineLlc",
  "cacheLineSocket",
  "refillNear",
  "refillFar",
] as const;

export type StepName = (typeof STEP_NAMES)[number];
/** Index into STEP_NAMES. */
export type CostStep = number;

export const STEP_SYSCALL_ENTRY: CostStep = 0;
export const STEP_SYSCALL_EXIT: CostStep = 1;
/** try_to_wake_up bookkeeping, waker side, without signalling. */
export const STEP_WAKE: CostStep = 2;
/** One more CPU looked at in the idle scan. */
export const STEP_IDLE_SCAN: CostStep = 3;
/** Block path and pick. */
export const STEP_BLOCK: CostStep = 4;
/** Kernel context switch, same address space. */
export const STEP_SWITCH: CostStep = 5;
/** One cache line moved between two CPUs of the same LLC. */
export const STEP_CACHE_LINE: CostStep = 6;
/** Paid by the sender of an IPI. */
export const STEP_IPI_SEND: CostStep = 7;
/** From the send to the handler on the target. */
export const STEP_IPI_DELIVER: CostStep = 8;
/** Software part of leaving idle: tick restart, drain of the wake list, pick. */
export const STEP_IDLE_LOOP_EXIT: CostStep = 9;
/** Putting a timer on its queue. */
export const STEP_TIMER_ARM: CostStep = 10;
/** Timer interrupt and wake of the first sleeper; further ones in the same interrupt cost a `wake` each. */
export const STEP_TIMER_INTERRUPT: CostStep = 11;
export const STEP_TICK: CostStep = 12;
export const STEP_MINOR_FAULT: CostStep = 13;
export const STEP_THREAD_CREATE: CostStep = 14;
/** Programming the clock device, on top: only for a timer that becomes the first of its CPU, or ceases to be. */
export const STEP_TIMER_REPROGRAM: CostStep = 15;
/** One cache line moved between two threads of a core; between LLCs of a socket; between sockets. */
export const STEP_CACHE_LINE_SMT: CostStep = 16;
export const STEP_CACHE_LINE_LLC: CostStep = 17;
export const STEP_CACHE_LINE_SOCKET: CostStep = 18;
/** 1024 bytes of a migrated task's working set fetched again, from within its LLC; from beyond it. */
export const STEP_REFILL_NEAR: CostStep = 19;
export const STEP_REFILL_FAR: CostStep = 20;
