/**
 * The locks a worker holds: its own list, so that keeping it costs no shared step. It finds a reader that locks twice (the
 * word only counts readers), an unlock by a worker that does not read, and what is left when a worker ends.
 */
import type { Coroutine } from "../../atomics/step.ts";
import { callerOf, SyncError } from "./sync-error.ts";
import type { Held, SyncWorker } from "./sync-worker.ts";

export function hold(worker: SyncWorker, lock: Held): void {
  worker.held.push(lock);
}

export function holds(worker: SyncWorker, lock: Held): boolean {
  return worker.held.includes(lock);
}

export function letGo(worker: SyncWorker, lock: Held): void {
  const { held } = worker;
  // Locks are mostly let go last in, first out.
  const at = held.lastIndexOf(lock);
  if (at === held.length - 1) held.pop();
  else if (at >= 0) held.splice(at, 1);
}

/**
 * For a worker that ends: abandons the locks it holds, newest first, and returns the error that the worker ends with,
 * ERR_LOCK_HELD; undefined when it holds none.
 */
export function* abandonHeld(worker: SyncWorker): Coroutine<SyncError | undefined> {
  const left = [...worker.held].reverse();
  for (const lock of left) yield* lock.abandon(worker);
  if (left.length === 0) return undefined;
  const names = left.map((lock) => lock.name).join(", ");
  return new SyncError("ERR_LOCK_HELD", names, `${callerOf(worker)} has ended with this in its hands`);
}
