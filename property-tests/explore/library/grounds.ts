/**
 * What the library needs, in bare mode: memory to give out, an environment and workers, without kernel and servers.
 *
 * The library waits for others in two ways. To *spin*, it looks at a word and then steps aside (schedYield, nanosleep): here that
 * is a step which is enabled when the word it has looked at last is another than it was, so an exploration ends, and waiting
 * for what never comes is a deadlock. To *park*, a worker sleeps on its park word, as by a futex.
 *
 * Objects of the library that keep things outside of words are made anew before each execution (`fresh`).
 */
import { type Addr, addr, offsetBy } from "../../../src/atomics/address.ts";
import { EAGAIN, ETIMEDOUT } from "../../../src/atomics/errno.ts";
import { PageTable } from "../../../src/atomics/page-table.ts";
import type { Coroutine } from "../../../src/atomics/step.ts";
import { UserAccess } from "../../../src/atomics/user-access.ts";
import type { Bare } from "../../../src/explore/bare/bare.ts";
import type { Tid } from "../../../src/kernel-sim/ids.ts";
import { PARK_TOKEN, parkOf, RECORD_SIZE } from "../../../src/server/record.ts";
import { stateOf, UMCG_TASK_RUNNING } from "../../../src/umcg/abi.ts";
import type { Env } from "../../../src/umcg/env.ts";
import type { Allocator, Held, SyncWorker, Words } from "../../../src/worker/sync/sync-worker.ts";

/** Zeroed memory, aligned to `align`, a multiple of 8. */
export function allocate(bare: Bare, bytes: number, align = 8): Addr {
  let first = bare.long();
  while (first % align !== 0) first = bare.long();
  for (let at = 8; at < bytes; at += 8) bare.long();
  return first;
}

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
  const start = allocate(bare, bytes);
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

/** The memory of one thread, which knows what it has looked at last. */
class Watched {
  readonly #bare: Bare;
  #at: Addr = addr(0);
  #seen = 0;

  constructor(bare: Bare) {
    this.#bare = bare;
  }

  *load32(a: Addr): Coroutine<number> {
    const seen = yield* this.#bare.load32(a);
    this.#at = a;
    this.#seen = seen;
    return seen;
  }
  *cmpxchg32(a: Addr, expected: number, desired: number): Coroutine<number> {
    const status = yield* this.#bare.cmpxchg32(a, expected, desired);
    if (status === 0) return status;
    this.#at = a;
    this.#seen = this.#bare.observed32;
    return status;
  }
  get observed32(): number {
    return this.#bare.observed32;
  }

  /** Until the word that was looked at last is another. */
  *change(): Coroutine<number> {
    const seen = this.#seen;
    yield* this.#bare.until(this.#at, (value) => value !== seen);
    return 0;
  }
}

function ownMemory(bare: Bare, watched: Watched): Words {
  return {
    get observed32() {
      return watched.observed32;
    },
    get observed64() {
      return bare.observed64;
    },
    load32: (a) => watched.load32(a),
    cmpxchg32: (a, expected, desired) => watched.cmpxchg32(a, expected, desired),
    store32: (a, value) => bare.store32(a, value),
    xchg32: (a, value) => bare.xchg32(a, value),
    load64: (a) => bare.load64(a),
    store64: (a, value) => bare.store64(a, value),
    cmpxchg64: (a, expected, desired) => bare.cmpxchg64(a, expected, desired),
    xchg64: (a, value) => bare.xchg64(a, value),
    fence: () => bare.fence(),
  };
}

/** What code of the library is run with; for one thread, and one execution. */
export function environment(bare: Bare): Pick<Env, "memory" | "sys"> & Env {
  const watched = new Watched(bare);
  const change = (): Coroutine<number> => watched.change();
  const env = { memory: ownMemory(bare, watched), sys: { schedYield: change, nanosleep: change } };
  return env as unknown as Env;
}

/** The record of a worker that runs. */
export function workerRecord(bare: Bare): Addr {
  const record = allocate(bare, RECORD_SIZE, 64);
  bare.poke32(stateOf(record), UMCG_TASK_RUNNING);
  return record;
}

/** A worker, for one thread and one execution. Its time is 0 until the deadline of one of its waits has passed. */
export function workerAt(bare: Bare, record: Addr, tid: number): SyncWorker {
  const env = environment(bare);
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
