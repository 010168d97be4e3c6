/** Host operations on real threads. */
export * from "./clock.ts";
export * from "./owner-words.ts";
export * from "./run-to-end.ts";
export * from "./thread-host.ts";
export * from "./worker-words.ts";
