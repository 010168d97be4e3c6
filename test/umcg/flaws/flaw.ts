/**
 * What the tests of the documented flaws have in common: the same interleaving on both profiles, and what comes of it.
 *
 * Interleavings come from a stepper, between two operations of user space, and from `meanwhile`, between two accesses of
 * the kernel.
 */
import { describe, expect, it } from "vitest";
import {
  type Addr,
  type StepperConfig,
  stateOf,
  UMCG_TASK_IDLE,
  UMCG_TASK_RUNNING,
  UMCG_TF_LOCKED,
  type UserAccess,
} from "../../../src/index.ts";
import { Fixture, type Party } from "../fixture.ts";

export type Profile = "posted" | "hardened";

/** A test for each profile: `act` gives what came of it, `posted` is the bad outcome and `hardened` the good one. */
export function flaw<T>(
  id: string,
  what: string,
  outcomes: { readonly posted: T; readonly hardened: T },
  act: (f: Fixture, profile: Profile) => T,
  config: StepperConfig = {},
): void {
  describe(`${id}: ${what}`, () => {
    it.each<Profile>(["posted", "hardened"])("%s", (umcg) => {
      // The flaws of `posted` break invariants: what is asked here is what they lead to.
      const f = new Fixture({ ...config, umcg, check: umcg === "posted" ? false : "kernel" });
      expect(act(f, umcg)).toEqual(outcomes[umcg]);
    });
  });
}

/** A server asleep with its worker in user mode. */
export function pair(f: Fixture): { s: Party; w: Party } {
  const s = f.server();
  const w = f.worker();
  f.run(s, w);
  f.s.takeWakes();
  f.s.takeChanges();
  return { s, w };
}

/** The worker parks of its own accord, LOCKED on its way, and its server goes on. */
export function park(f: Fixture, { s, w }: { s: Party; w: Party }, absTimeoutNs = 0): void {
  f.s.store32(stateOf(w.record), UMCG_TASK_RUNNING | UMCG_TF_LOCKED);
  f.s.store32(stateOf(s.record), UMCG_TASK_RUNNING);
  f.s.store32(stateOf(w.record), UMCG_TASK_IDLE | UMCG_TF_LOCKED);
  f.wait(w.tid, 0, absTimeoutNs);
}

/** The worker blocks in the kernel and wakes up again. */
export function blockAndWake(f: Fixture, w: Party): void {
  f.s.step(w.tid, { do: "block" });
  f.s.unblock(w.tid);
  f.s.run();
}

type Accessor = "getUser32" | "getUser32Nosleep" | "getUser64" | "putUser64" | "cmpxchgUser64";

/** Runs `act` right after the kernel's `nth` access of this kind to `at`, before it does anything else. */
export function meanwhile(f: Fixture, accessor: Accessor, at: Addr, act: () => void, nth = 1): void {
  const { access } = f.s.machine.kernel;
  const plain = access[accessor] as (this: UserAccess, a: Addr, ...rest: never[]) => unknown;
  let seen = 0;
  Object.defineProperty(access, accessor, {
    configurable: true,
    value(a: Addr, ...rest: never[]): unknown {
      const step = plain.call(access, a, ...rest);
      if (a === at && ++seen === nth) act();
      return step;
    },
  });
}

/** Who of these tasks is awake in user mode. */
export function awake(f: Fixture, ...parties: readonly Party[]): boolean[] {
  return parties.map((party) => f.mode(party) === "user");
}
