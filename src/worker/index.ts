/** Workers: the threads of the M:N thread library. */
export * from "./runtime.ts";
export * from "./worker.ts";
