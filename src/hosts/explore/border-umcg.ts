/**
 * A UMCG profile whose calls begin with a point in user mode, at which an interrupt may come.
 *
 * Between a program's last store and the instruction that enters the kernel lies nothing that it announces; but an interrupt
 * can come there, and that is where some of the races of UMCG live (F57: parked on its way into its wait). Only machines in
 * which tasks in user mode can be interrupted have it.
 */
import type { Addr } from "../../atomics/address.ts";
import { type Coroutine, Pause } from "../../atomics/step.ts";
import { YIELD_WORK } from "../../kernel-sim/host.ts";
import type { Tid } from "../../kernel-sim/ids.ts";
import type { Umcg } from "../../umcg/umcg.ts";

const IN_USER_MODE: Pause = new Pause(YIELD_WORK);

export class BorderUmcg implements Umcg {
  readonly #inner: Umcg;

  constructor(inner: Umcg) {
    this.#inner = inner;
  }

  get profile(): Umcg["profile"] {
    return this.#inner.profile;
  }

  *ctl(flags: number, self: Addr): Coroutine<number> {
    yield* IN_USER_MODE;
    return yield* this.#inner.ctl(flags, self);
  }
  *wait(flags: number, absTimeoutNs?: number): Coroutine<number> {
    yield* IN_USER_MODE;
    return yield* this.#inner.wait(flags, absTimeoutNs);
  }
  *kick(flags: number, tid: number): Coroutine<number> {
    yield* IN_USER_MODE;
    return yield* this.#inner.kick(flags, tid);
  }

  schedule(tid: Tid): Coroutine<void> {
    return this.#inner.schedule(tid);
  }
  resume(tid: Tid): Coroutine<void> {
    return this.#inner.resume(tid);
  }
  exit(tid: Tid): Coroutine<void> {
    return this.#inner.exit(tid);
  }
  exec(tid: Tid): Coroutine<void> {
    return this.#inner.exec(tid);
  }
}
