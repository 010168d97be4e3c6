/** Workers: the threads of the M:N thread library. */
export * from "./runtime.ts";
export * from "./sync/index.ts";
export * from "./thread-local.ts";
export * from "./worker.ts";
export * from "./worker-handle.ts";
