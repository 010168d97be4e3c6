/** Servers: the scheduling half of the M:N thread library. */
export * from "./claim.ts";
export * from "./group.ts";
export * from "./local-queue.ts";
export * from "./ordered-queue.ts";
export * from "./policies/index.ts";
export * from "./policy.ts";
export * from "./policy-record.ts";
export * from "./ready-queue.ts";
export * from "./record.ts";
export * from "./run-worker.ts";
export * from "./runtime-error.ts";
export * from "./server.ts";
export * from "./server-stats.ts";
export * from "./spin-lock.ts";
