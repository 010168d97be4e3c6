/**
 * The records of a runtime's workers: new ones, and those whose workers have ended, for the next.
 *
 * A record may change hands when nobody can write to it for its old worker's sake any more: the kernel is done with the
 * task (its server has joined it), the worker is on no list (its end was met there, or on its server), its result has been
 * taken or waived, and nobody is waking it (claim.ts). Who comes later finds another generation in the two words by which
 * workers are reached, and leaves them alone. A generation has 23 bits: a handle would have to sleep through 8 million
 * workers of one record to be taken in.
 *
 * The free records are a stack under a spin lock. The caller must not be preempted: a server, or a worker that has locked
 * itself.
 */
import { type Addr, addrFromWord, NULL, offsetBy, wordFromAddr } from "../atomics/address.ts";
import type { Coroutine } from "../atomics/step.ts";
import {
  freeNextOf,
  GENERATION_SHIFT,
  generationOf,
  joinOf,
  ordinalOf,
  parkOf,
  RECORD_SIZE,
} from "../server/record.ts";
import { RuntimeError } from "../server/runtime-error.ts";
import { spinLock, spinUnlock } from "../server/spin-lock.ts";
import { nextTidOf, serverTidOf, stateOf, UMCG_TASK_NONE } from "../umcg/abi.ts";
import type { Env, UserSpace } from "../umcg/env.ts";

/** Bytes of a pool's shared words: the lock, how many records there are, the first that is free. */
const POOL_SIZE = 16;
/** 23 bits: a park word is never negative as a signed number. */
const MAX_GENERATION = 2 ** 23 - 1;
/** In a join word the generation is above the address of a joiner. */
const JOIN_GENERATION_SHIFT = 40n;

/** The join word of a worker that nobody has joined or detached: the generation alone. */
export function freshJoin(generation: number): bigint {
  return BigInt(generation) << JOIN_GENERATION_SHIFT;
}

export class RecordPool {
  readonly #space: UserSpace;
  readonly #lock: Addr;
  readonly #head: Addr;
  /** How many there are. Counted in one piece, by whoever makes one: it is no step of the program. */
  readonly #records: Int32Array;

  /** Throws ERR_USER_MEMORY. */
  constructor(space: UserSpace) {
    this.#space = space;
    this.#lock = space.kernel.allocate(POOL_SIZE, 64);
    this.#head = offsetBy(this.#lock, 8);
    this.#records = new Int32Array(space.kernel.local.buffer, this.#lock + 4, 1);
  }

  /** A record that never had a worker, of generation 0. Throws ERR_USER_MEMORY. */
  create(): Addr {
    const { kernel } = this.#space;
    const record = kernel.allocate(RECORD_SIZE, 64);
    // Nobody knows the record yet.
    new Uint32Array(kernel.local.buffer, ordinalOf(record), 1)[0] = Atomics.add(this.#records, 0, 1);
    return record;
  }

  /** How many records there are, and how many of them are without a worker. Read while the machine does not run. */
  count(): { readonly records: number; readonly unused: number } {
    const words = new DataView(this.#space.kernel.local.buffer);
    const records = Atomics.load(this.#records, 0);
    let unused = 0;
    // Bounded by the records: each is in the stack once at most.
    for (let at = words.getBigUint64(this.#head, true); at !== 0n; unused++) {
      if (unused === records) throw new RuntimeError("ERR_SPIN_BOUND", "the unused records are a cycle");
      at = words.getBigUint64(freeNextOf(addrFromWord(at)), true);
    }
    return { records, unused };
  }

  /** A record without a worker. Throws ERR_USER_MEMORY. */
  *take(env: Env): Coroutine<Addr> {
    const { memory } = env;
    yield* spinLock(env, this.#lock);
    const record = addrFromWord(yield* memory.load64(this.#head));
    if (record !== NULL) yield* memory.store64(this.#head, yield* memory.load64(freeNextOf(record)));
    yield* spinUnlock(env, this.#lock);
    return record !== NULL ? record : this.create();
  }

  /** Gives back a record, which begins its next generation. */
  *put(env: Env, record: Addr): Coroutine<void> {
    const { memory } = env;
    const generation = (generationOf(yield* memory.load32(parkOf(record))) + 1) & MAX_GENERATION;
    // A server that ran the old worker long ago may look whether it ended there: it reads the state first.
    yield* memory.store32(serverTidOf(record), 0);
    yield* memory.store32(nextTidOf(record), 0);
    yield* memory.store32(stateOf(record), UMCG_TASK_NONE);
    yield* memory.store64(joinOf(record), freshJoin(generation));
    yield* memory.store32(parkOf(record), (generation << GENERATION_SHIFT) >>> 0);
    yield* spinLock(env, this.#lock);
    yield* memory.store64(freeNextOf(record), yield* memory.load64(this.#head));
    yield* memory.store64(this.#head, wordFromAddr(record));
    yield* spinUnlock(env, this.#lock);
  }
}
