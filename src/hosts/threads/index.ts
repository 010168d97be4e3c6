/** Host operations on real threads. */
export * from "./run-to-end.ts";
export * from "./thread-host.ts";
