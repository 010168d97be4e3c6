/** What a hostile task can be told to do, by numbers that fast-check draws and shrinks. */
import fc from "fast-check";
import type { Protection } from "../../../src/index.ts";

/** Hostile tasks of a world; words, places and tids are drawn from tables of its size (world.ts). */
const MAX_ATTACKERS = 8;

const place = fc.nat({ max: 63 });
const word = fc.nat({ max: 63 });
/** ns. */
const delay = fc.constantFrom(0, 100, 700, 3_000, 20_000, 150_000);
const task = fc.nat({ max: 15 });

export type Act =
  // Steps of the protocol as it should be, so that the others come in deep states.
  | { readonly act: "goIdle" | "runListed" | "park"; readonly deadline: number }
  | { readonly act: "swap" | "preempt"; readonly other: number }
  // Words.
  | { readonly act: "store32"; readonly at: number; readonly value: number }
  | { readonly act: "store64"; readonly at: number; readonly to: number; readonly mark: boolean }
  | { readonly act: "cmpxchg32"; readonly at: number; readonly from: number; readonly to: number }
  // Calls.
  | { readonly act: "ctl"; readonly flags: number; readonly at: number }
  | { readonly act: "wait"; readonly flags: number; readonly deadline: number }
  | { readonly act: "kick"; readonly flags: number; readonly other: number }
  | { readonly act: "kill"; readonly other: number; readonly signal: number }
  | { readonly act: "work" | "sleep"; readonly ns: number }
  | { readonly act: "futex"; readonly at: number; readonly wake: boolean; readonly ns: number }
  | { readonly act: "read"; readonly page: number }
  | { readonly act: "yield" | "exec" | "exit" }
  | { readonly act: "protect"; readonly page: number; readonly as: Protection | "disk" };

/** `weight`: how often it is drawn. */
function drawn<T extends Act>(
  weight: number,
  act: T["act"],
  rest: object = {},
): { readonly weight: number; readonly arbitrary: fc.Arbitrary<Act> } {
  const arbitrary = fc.record({ act: fc.constant(act), ...rest }) as unknown as fc.Arbitrary<Act>;
  return { weight, arbitrary };
}

const act: fc.Arbitrary<Act> = fc.oneof(
  drawn(6, "goIdle", { deadline: delay }),
  drawn(8, "runListed", { deadline: delay }),
  drawn(8, "park", { deadline: delay }),
  drawn(4, "swap", { other: task }),
  drawn(4, "preempt", { other: task }),
  drawn(8, "store32", { at: place, value: word }),
  drawn(6, "store64", { at: place, to: place, mark: fc.boolean() }),
  drawn(3, "cmpxchg32", { at: place, from: word, to: word }),
  drawn(3, "ctl", { flags: fc.constantFrom(0, 1, 2, 0x10001, 0x10002, 7), at: place }),
  drawn(5, "wait", {
    flags: fc.constantFrom(0, 0, 0, 1, 3, 4),
    deadline: fc.oneof(delay, fc.constantFrom(-1, Number.NaN)),
  }),
  drawn(3, "kick", { flags: fc.constantFrom(0, 0, 0, 1), other: task }),
  drawn(3, "kill", { other: task, signal: fc.constantFrom(10, 10, 10, 11, 9) }),
  drawn(4, "work", { ns: delay }),
  drawn(5, "sleep", { ns: delay }),
  drawn(2, "yield"),
  drawn(3, "read", { page: task }),
  drawn(2, "futex", { at: place, wake: fc.boolean(), ns: delay }),
  drawn(1, "exec"),
  drawn(1, "exit"),
  drawn(2, "protect", {
    page: task,
    as: fc.constantFrom("unmapped", "absent", "absent-readonly", "readonly", "readwrite", "disk"),
  }),
);

export interface Attacker {
  readonly kind: "server" | "worker" | "plain";
  readonly acts: readonly Act[];
}

export interface Attack {
  readonly vcpus: number;
  readonly seed: number;
  readonly attackers: readonly Attacker[];
  /** Workers of the others, who keep the contract. */
  readonly others: number;
  readonly preemptNs: number;
}

export const attack: fc.Arbitrary<Attack> = fc.record({
  vcpus: fc.integer({ min: 1, max: 4 }),
  seed: fc.nat({ max: 1_000_000 }),
  attackers: fc.array(
    fc.record<Attacker>({
      kind: fc.constantFrom("server", "server", "worker", "worker", "worker", "plain"),
      acts: fc.array(act, { minLength: 1, maxLength: 24 }),
    }),
    { minLength: 1, maxLength: MAX_ATTACKERS },
  ),
  others: fc.nat({ max: 4 }),
  preemptNs: fc.constantFrom(0, 20_000),
});
