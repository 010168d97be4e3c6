/** A UMCG profile with a checker beside it: it tells of each call, its result, and each time its caller is descheduled. */
import type { Addr } from "../../atomics/address.ts";
import { type Call, type Coroutine, RESUME } from "../../atomics/step.ts";
import { YIELD_SCHEDULE } from "../../kernel-sim/host.ts";
import type { Tid } from "../../kernel-sim/ids.ts";
import { UMCG_CTL_REGISTER, UMCG_CTL_UNREGISTER, UMCG_CTL_WORKER } from "../abi.ts";
import type { Umcg } from "../umcg.ts";
import type { InvariantChecker } from "./checker.ts";

export class CheckedUmcg implements Umcg {
  /** The profile itself. */
  readonly inner: Umcg;
  readonly #checker: InvariantChecker;

  constructor(inner: Umcg, checker: InvariantChecker) {
    this.inner = inner;
    this.#checker = checker;
  }

  get profile(): Umcg["profile"] {
    return this.inner.profile;
  }

  *ctl(flags: number, self: Addr): Coroutine<number> {
    const { roster, kernel } = this.#checker;
    const tid = kernel.current;
    this.#checker.acts(tid);
    const old = roster.of(tid);
    const worker = flags === (UMCG_CTL_REGISTER | UMCG_CTL_WORKER);
    const registers = worker || flags === UMCG_CTL_REGISTER;
    const party = registers ? this.#checker.registers(tid, self, worker) : undefined;
    const word = party === undefined ? 0 : roster.word(party.state);
    const leaving = flags === UMCG_CTL_UNREGISTER && self === 0 && old !== undefined;
    if (leaving) old.leaving = true;
    const result = yield* this.#followed(tid, this.inner.ctl(flags, self), "wait");
    if (party !== undefined) this.#checker.registered(party, result, word);
    else if (leaving) this.#checker.leaves(old);
    return result;
  }

  *wait(flags: number, absTimeoutNs = 0): Coroutine<number> {
    const { roster, kernel, waits } = this.#checker;
    const tid = kernel.current;
    this.#checker.acts(tid);
    const party = roster.of(tid);
    const call = party === undefined ? undefined : waits.begin(party, flags, absTimeoutNs);
    const result = yield* this.#followed(tid, this.inner.wait(flags, absTimeoutNs), "wait");
    if (call !== undefined) waits.end(call, result);
    return result;
  }

  *kick(flags: number, target: number): Coroutine<number> {
    this.#checker.acts(this.#checker.kernel.current);
    const result = yield* this.inner.kick(flags, target);
    if (result === 0) this.#checker.kicked(target);
    return result;
  }

  schedule(tid: Tid): Coroutine<void> {
    return this.#followed(tid, this.inner.schedule(tid), "block");
  }

  *resume(tid: Tid): Coroutine<void> {
    const party = this.#checker.roster.of(tid);
    if (party !== undefined) party.resuming = true;
    yield* this.#followed(tid, this.inner.resume(tid), "wait");
    if (party !== undefined) party.resuming = false;
  }

  exit(tid: Tid): Coroutine<void> {
    return this.#ends(tid, this.inner.exit(tid));
  }
  exec(tid: Tid): Coroutine<void> {
    return this.#ends(tid, this.inner.exec(tid));
  }

  *#ends(tid: number, inner: Coroutine<void>): Coroutine<void> {
    const party = this.#checker.roster.of(tid);
    if (party !== undefined) party.leaving = true;
    yield* this.#followed(tid, inner, "wait");
    if (party !== undefined) this.#checker.leaves(party);
  }

  /** `inner`, with the checker told whenever `tid` is descheduled. Only the first time can be where it blocks. */
  *#followed<T>(tid: number, inner: Call<T>, place: "wait" | "block"): Coroutine<T> {
    let where: "wait" | "block" | "behind" = place;
    const steps = inner[Symbol.iterator]();
    for (;;) {
      const step = steps.next(RESUME);
      if (step.done) return step.value;
      const asleep = step.value === YIELD_SCHEDULE;
      if (asleep) this.#checker.descheduled(tid, where);
      if (asleep && where === "block") where = "behind";
      yield step.value;
      if (asleep) this.#checker.resumed(tid);
    }
  }
}
