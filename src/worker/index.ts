/** Workers: the threads of the M:N thread library. */
export * from "./runtime.ts";
export * from "./sync/index.ts";
export * from "./worker.ts";
