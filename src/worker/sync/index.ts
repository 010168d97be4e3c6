/** Synchronisation of workers: docs/synchronisation.md. */
export * from "./barrier.ts";
export * from "./channel.ts";
export type { Received } from "./channel-core.ts";
export * from "./condvar.ts";
export * from "./mutex.ts";
export * from "./once.ts";
export * from "./rwlock.ts";
export * from "./select.ts";
export * from "./semaphore.ts";
export * from "./sync-error.ts";
export * from "./sync-worker.ts";
export * from "./wait-group.ts";
export type { SyncOptions } from "./wait-room.ts";
