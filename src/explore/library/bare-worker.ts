/**
 * Workers in bare mode, without kernel and servers: threads that park on a word of their record, as by a futex. For whatever is
 * built of park, unpark and words (docs/own-primitives.md).
 *
 * ```ts
 * export default bareProgram((bare) => {
 *   const lock = bareObject(bare, 512, (allocator) => new Mutex(allocator));
 *   for (const name of ["a", "b"])
 *     bareWorker(bare, function* (worker) {
 *       yield* lock().lock(worker);
 *       yield* lock().unlock(worker);
 *     }, name);
 * });
 * ```
 *
 * A deadline passes when the explorer says so, at any moment after the worker fell asleep. There is no preemption and no
 * cancellation; a park may end early because of an older unpark, as it may on a machine.
 */
import { type Addr, offsetBy } from "../../atomics/address.ts";
import { ETIMEDOUT } from "../../atomics/errno.ts";
import type { Coroutine } from "../../atomics/step.ts";
import type { Tid } from "../../kernel-sim/ids.ts";
import { PARK_TOKEN, parkOf } from "../../server/record.ts";
import type { Allocator, Held, SyncWorker } from "../../worker/sync/sync-worker.ts";
import type { Bare } from "../bare/bare.ts";
import { ExploreError } from "../explore-error.ts";
import { allocateBare, bareEnv, workerRecord } from "./bare-env.ts";

/** Starts a thread that is a worker, called `name` (default "w1", "w2", ...). Returns what others unpark it by. */
export function bareWorker(
  bare: Bare,
  body: (worker: SyncWorker) => Coroutine<unknown>,
  name: string = `w${bare.threads.length + 1}`,
): { readonly record: Addr } {
  const record = workerRecord(bare, name);
  const tid = bare.threads.length + 1;
  bare.thread(function* () {
    yield* body(workerAt(bare, record, tid, name));
  }, name);
  return { record };
}

/** Gives out zeroed memory while a program is laid out; its words are called `name[0]`, `name[1]`, ... */
export function bareAllocator(bare: Bare, name?: string): Allocator {
  return { allocate: (bytes, align) => allocateBare(bare, bytes, align, name) };
}

/**
 * An object that keeps something outside of words, or takes memory while it is used, as those of this library do: made anew before
 * each execution, with `bytes` of memory that nobody else gets any of. Returns what gives the one of this execution.
 */
export function bareObject<T>(bare: Bare, bytes: number, make: (allocator: Allocator) => T): () => T {
  const start = allocateBare(bare, bytes);
  let object: T;
  bare.onReset(() => {
    let used = 0;
    object = make({
      allocate(wanted) {
        const at = offsetBy(start, used);
        used += Math.ceil(wanted / 8) * 8;
        if (used > bytes)
          throw new ExploreError("ERR_EXPLORE_OPTION", `an object of ${bytes} bytes wants ${used}`);
        return at;
      },
    });
  });
  return () => object;
}

/** A worker, for one thread and one execution. Its time is 0 until the deadline of one of its waits has passed. */
function workerAt(bare: Bare, record: Addr, tid: number, name: string): SyncWorker {
  const { memory, sys } = bareEnv(bare);
  const held: Held[] = [];
  let now = 0;
  const token = parkOf(record);
  const wait = function* (deadlineNs: number): Coroutine<boolean> {
    const status = yield* bare.wait(token, 0, deadlineNs !== Number.POSITIVE_INFINITY);
    if (status === -ETIMEDOUT) {
      now = deadlineNs;
      return false;
    }
    yield* bare.xchg32(token, 0);
    return true;
  };
  return {
    name,
    tid: tid as Tid,
    record,
    memory,
    sys,
    held,
    now: () => now,
    park: () => wait(Number.POSITIVE_INFINITY),
    parkUntil: wait,
    *unpark({ record: other }) {
      yield* bare.store32(parkOf(other), PARK_TOKEN);
      yield* bare.notify(parkOf(other));
    },
    *yield() {
      yield* bare.pause();
    },
    *deferCancel() {},
    shield: (body) => body(),
  };
}
