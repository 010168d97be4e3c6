/**
 * The environment of the library's own algorithms in bare mode: memory and a way to wait, and no kernel.
 *
 * Policies, queues and locks wait for somebody by looking at a word and then stepping aside (`schedYield`, `nanosleep`). Here
 * stepping aside is one step that is enabled when the word that was looked at last is another than it was. So an exploration
 * ends, and waiting for what never comes is a deadlock that names the word.
 *
 * Rejected: to let the loop turn and find it at run time, as for programs that nobody wrote for the explorer: the same
 * verdicts, with several times the executions.
 */
import { type Addr, addr } from "../../atomics/address.ts";
import type { Coroutine } from "../../atomics/step.ts";
import { RECORD_SIZE } from "../../server/record.ts";
import { stateOf, UMCG_TASK_RUNNING } from "../../umcg/abi.ts";
import type { Env } from "../../umcg/env.ts";
import type { Words } from "../../worker/sync/sync-worker.ts";
import type { Bare } from "../bare/bare.ts";

const WORD = 4;

/** `bytes` of zeroed memory, aligned to `align`, a multiple of 4; its words are called `name[0]`, `name[1]`, ... */
export function allocateBare(bare: Bare, bytes: number, align = 8, name?: string): Addr {
  // Bounded by the alignment.
  for (let next = bare.word() + WORD; next % align !== 0; ) next = bare.word() + WORD;
  return bare.array(Math.ceil(bytes / WORD), 0, name);
}

/** The record of a worker that runs. */
export function workerRecord(bare: Bare, name?: string): Addr {
  const record = allocateBare(bare, RECORD_SIZE, 64, name);
  bare.poke32(stateOf(record), UMCG_TASK_RUNNING);
  return record;
}

/** What code of the library is called with; for one thread, and one execution. Its clock stands still. */
export function bareEnv(bare: Bare): Env {
  const watched = new Watched(bare);
  const change = (): Coroutine<number> => watched.change();
  const sys = { schedYield: change, nanosleep: change };
  return { memory: ownMemory(bare, watched), sys, now: () => 0 } as unknown as Env;
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
