/** Who makes workers ready, and how: a worker, locked against preemption meanwhile, or a server in its own name. */
import type { Addr } from "../atomics/address.ts";
import type { Coroutine } from "../atomics/step.ts";
import type { Group } from "../server/group.ts";
import type { PolicyContext } from "../server/policy.ts";
import type { Env } from "../umcg/env.ts";

export interface Waker {
  readonly env: Env;
  /** From here on nobody preempts the caller. Returns whether `unlock` has to undo it. */
  lock(): Coroutine<boolean>;
  unlock(locked: boolean): Coroutine<void>;
  /** Has `worker`, which the caller has claimed, run. */
  makeReady(worker: Addr): Coroutine<void>;
}

export class ServerWaker implements Waker {
  readonly #at: PolicyContext;
  readonly #group: Group;
  readonly #self: Addr;

  /** `self`: the server's record. */
  constructor(at: PolicyContext, group: Group, self: Addr) {
    this.#at = at;
    this.#group = group;
    this.#self = self;
  }
  get env(): Env {
    return this.#at.env;
  }
  // Nobody preempts a server.
  *lock(): Coroutine<boolean> {
    return false;
  }
  *unlock(): Coroutine<void> {}

  *makeReady(worker: Addr): Coroutine<void> {
    yield* this.#group.policy.enqueue(this.#at, worker, "unparked");
    yield* this.#group.announce(this.env, this.#self);
  }
}
