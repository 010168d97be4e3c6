/** Servers: the scheduling half of the M:N thread library. What a policy is, those that come with it, and what others are made of. */
export { LOCAL_QUEUE_CAPACITY, LocalQueue, localQueueSize } from "./local-queue.ts";
export { type Comparison, ORDERED_QUEUE_SIZE, OrderedQueue } from "./ordered-queue.ts";
export * from "./policies/index.ts";
export * from "./policy.ts";
export {
  deadlineOf,
  linkOf,
  orderOf,
  packRecord,
  priorityOf,
  rightOf,
  unpackRecord,
  type Wishes,
} from "./policy-record.ts";
export { READY_QUEUE_SIZE, ReadyQueue } from "./ready-queue.ts";
export { RECORD_SIZE } from "./record.ts";
export { RuntimeError, type RuntimeErrorCode, WorkerKilledError } from "./runtime-error.ts";
export type { Counter, ServerStats } from "./server-stats.ts";
export { type Spinner, spinLock, spinUnlock, stepAside } from "./spin-lock.ts";
