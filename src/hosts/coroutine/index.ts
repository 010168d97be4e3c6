/** Host operations as coroutines on one thread, deterministic. */
export * from "./coroutine-host.ts";
