/**
 * What the library needs, in bare mode, besides an environment (explore/library/bare-env.ts): pages, objects and workers, without
 * kernel and servers. A worker that parks sleeps on its park word, as by a futex.
 *
 * Objects of the library that keep things outside of words are made anew before each execution (`fresh`).
 */
import { type Addr, addr, offsetBy } from "../../../src/atomics/address.ts";
import { EAGAIN, ETIMEDOUT } from "../../../src/atomics/errno.ts";
import { PageTable } from "../../../src/atomics/page-table.ts";
import type { Coroutine } from "../../../src/atomics/step.ts";
import { UserAccess } from "../../../src/atomics/user-access.ts";
import type { Bare } from "../../../src/explore/bare/bare.ts";
import { allocateBare, bareEnv, workerRecord } from "../../../src/explore/library/bare-env.ts";
import type { Tid } from "../../../src/kernel-sim/ids.ts";
import { PARK_TOKEN, parkOf } from "../../../src/server/record.ts";
import type { Allocator, Held, SyncWorker } from "../../../src/worker/sync/sync-worker.ts";

/** The kernel's way to all of the memory: no page is absent. */
export function accessTo(bare: Bare): UserAccess {
  const pages = new PageTable(new Uint8Array(1));
  pages.protect(addr(0), 4096, "readwrite");
  return new UserAccess(bare, pages, function* (): Coroutine<boolean> {
    return false;
  });
}

/** Makes an object of the library before each execution, with `bytes` of memory that nobody else gets any of. */
export function fresh<T>(bare: Bare, bytes: number, make: (allocator: Allocator) => T): () => T {
  const start = allocateBare(bare, bytes);
  let object: T;
  bare.onReset(() => {
    let used = 0;
    object = make({
      allocate(wanted) {
        const at = offsetBy(start, used);
        used += Math.ceil(wanted / 8) * 8;
        if (used > bytes) throw new Error(`an object of ${bytes} bytes wants ${used}`);
        return at;
      },
    });
  });
  return () => object;
}

/** A worker, for one thread and one execution. Its time is 0 until the deadline of one of its waits has passed. */
export function workerAt(bare: Bare, record: Addr, tid: number): SyncWorker {
  const env = bareEnv(bare);
  const held: Held[] = [];
  let now = 0;
  const token = parkOf(record);
  const wait = function* (deadlineNs: number): Coroutine<void> {
    const timed = deadlineNs !== Number.POSITIVE_INFINITY;
    const status = yield* bare.wait(token, 0, timed);
    if (status === -ETIMEDOUT) now = deadlineNs;
    else if (status === -EAGAIN || status === 0) yield* bare.xchg32(token, 0);
  };
  return {
    name: `w${tid}`,
    tid: tid as Tid,
    record,
    memory: env.memory,
    sys: env.sys,
    held,
    now: () => now,
    park: () => wait(Number.POSITIVE_INFINITY),
    parkUntil: wait,
    *unpark({ record: other }) {
      yield* bare.store32(parkOf(other), PARK_TOKEN);
      yield* bare.notify(parkOf(other));
    },
    *deferCancel() {},
    shield: (body) => body(),
  };
}

/** Starts a thread that is a worker. */
export function worker(bare: Bare, body: (worker: SyncWorker) => Coroutine<unknown>): void {
  const record = workerRecord(bare);
  const tid = bare.threads.length + 1;
  bare.thread(function* () {
    yield* body(workerAt(bare, record, tid));
  }, `w${tid}`);
}
