/**
 * A queue for each server and one for all, and how an idle server finds work among them: the common half of
 * `work-stealing` and `go-like`.
 *
 * A thief goes through the servers from a random one on, by a random step that is coprime to their number, so each comes
 * once and no two thieves go the same way for long (Go's randomOrder). It takes half of the first ring that is not empty;
 * only when all rings are is a slot robbed, because who is in it is about to run where its data is.
 *
 * The random numbers are xorshift32 (Marsaglia, 2003) with a word a server in user memory: the same seed and schedule draw
 * the same numbers, and a copy of the memory is a copy of the policy.
 */
import { type Addr, NULL, offsetBy } from "../../atomics/address.ts";
import type { Coroutine } from "../../atomics/step.ts";
import type { UserMemory } from "../../atomics/user-memory.ts";
import type { Env } from "../../umcg/env.ts";
import { LocalQueue, localQueueSize } from "../local-queue.ts";
import type { PolicyContext, PolicySetup } from "../policy.ts";
import { READY_QUEUE_SIZE, ReadyQueue } from "../ready-queue.ts";
import { RuntimeError } from "../runtime-error.ts";

/** Bytes in front of each server's queue: its random word, and two words of the policy's own. */
const OWN_BYTES = 64;

export class Stealing {
  readonly global: ReadyQueue;
  readonly #locals: readonly LocalQueue[];
  readonly #own: readonly Addr[];
  readonly #steps: readonly number[];
  readonly #seed: number;

  constructor({ allocate, maxServers, seed }: PolicySetup, capacity: number) {
    if (!CAPACITIES.includes(capacity)) {
      throw new RuntimeError(
        "ERR_RUNTIME_CONFIG",
        `capacity must be a power of two from 2 to 65536, got ${capacity}`,
      );
    }
    this.global = new ReadyQueue(allocate(READY_QUEUE_SIZE));
    this.#own = Array.from({ length: maxServers }, () => allocate(OWN_BYTES + localQueueSize(capacity)));
    this.#locals = this.#own.map((at) => new LocalQueue(offsetBy(at, OWN_BYTES), capacity));
    this.#steps = coprimes(maxServers);
    this.#seed = seed;
  }

  /** The queue of a server. */
  local(server: number): LocalQueue {
    return this.#locals[server]!;
  }

  /** Word `index`, 0 or 1, of a server, for the policy's own use by that server. */
  word(server: number, index: 0 | 1): Addr {
    return offsetBy(this.#own[server]!, 4 + 4 * index);
  }

  /** Takes from any server but `at.server`, whose ring is empty; NULL: found nothing. */
  *steal(at: PolicyContext): Coroutine<Addr> {
    const { memory } = at.env;
    const count = this.#locals.length;
    if (count === 1) return NULL;
    const random = yield* this.#draw(memory, at.server);
    const start = random % count;
    const step = this.#steps[Math.floor(random / count) % this.#steps.length]!;
    const own = this.local(at.server);
    for (let turn = 0; turn < 2 * count; turn++) {
      const server = (start + (turn % count) * step) % count;
      if (server === at.server) continue;
      const victim = this.local(server);
      const worker = yield* turn < count ? own.stealFrom(memory, victim) : victim.takeSlot(memory);
      if (worker === NULL) continue;
      at.note("stolen");
      return worker;
    }
    return NULL;
  }

  /** Is a worker in any queue? A look at each. */
  *occupied(env: Env): Coroutine<boolean> {
    if (yield* this.global.occupied(env)) return true;
    for (const local of this.#locals) if (yield* local.occupied(env.memory)) return true;
    return false;
  }

  *#draw(memory: UserMemory, server: number): Coroutine<number> {
    const at = this.#own[server]!;
    let word = yield* memory.load32(at);
    // 0 is the one state that xorshift never leaves, so it can stand for "not drawn yet".
    if (word === 0) word = (Math.imul(this.#seed, 0x9e3779b9) ^ Math.imul(server + 1, 0x85ebca6b)) | 1;
    word ^= word << 13;
    word ^= word >>> 17;
    word ^= word << 5;
    yield* memory.store32(at, word >>> 0);
    return word >>> 0;
  }
}

const CAPACITIES: readonly number[] = Array.from({ length: 16 }, (_, power) => 2 ** (power + 1));

/** Numbers below `count` that have no divisor in common with it; 1 for 1. */
function coprimes(count: number): number[] {
  const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));
  return Array.from({ length: count }, (_, i) => i + 1).filter((step) => divisor(step, count) === 1);
}
