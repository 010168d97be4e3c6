/**
 * A policy of the user's, held to its shape: each function that a server or a worker calls is a coroutine, and `pick` names a record.
 *
 * Without types nothing else says so before a server is in the middle of a decision, and then in words of the engine's ("undefined is
 * not iterable") or by a fault at an address that is none. Shipped policies are not held: each call of a held one costs a look more.
 */
import { type Addr, NULL } from "../atomics/address.ts";
import { briefOf } from "../diagnostics/text-of.ts";
import type { Policy } from "./policy.ts";
import { RuntimeError } from "./runtime-error.ts";

const REQUIRED = ["enqueue", "pick", "hasWork"] as const;
const OPTIONAL = ["onBlock", "onWake", "onTick", "onExit", "onRetire"] as const;
type Hook = (typeof REQUIRED | typeof OPTIONAL)[number];

/** Throws ERR_RUNTIME_CONFIG for a function that is missing or none; the functions of the result throw ERR_POLICY. */
export function holdPolicy(policy: Policy): Policy {
  const held: Partial<Record<Hook, unknown>> = {};
  for (const hook of [...REQUIRED, ...OPTIONAL]) {
    const given: unknown = policy?.[hook];
    const needed = REQUIRED.some((name) => name === hook);
    if (given === undefined && !needed) continue;
    if (given === undefined) throw bad(`the policy has no function ${hook}`);
    if (typeof given !== "function")
      throw bad(`${hook} of the policy must be a function, got ${briefOf(given)}`);
    held[hook] = (...args: readonly unknown[]): unknown => coroutine(hook, given.apply(policy, args));
  }
  const pick = held.pick as Policy["pick"];
  return {
    ...(held as Policy),
    name: policy.name,
    *pick(at) {
      return record(yield* pick(at));
    },
  };
}

function coroutine(hook: Hook, made: unknown): unknown {
  // A step is one, too.
  if (typeof made === "object" && made !== null && Symbol.iterator in made && !Array.isArray(made))
    return made;
  throw new RuntimeError(
    "ERR_POLICY",
    `${hook} of the policy is no coroutine: it returned ${kindOf(made)}; write it as *${hook}(...) { ... }`,
  );
}

function record(picked: unknown): Addr {
  if (Number.isInteger(picked) && (picked as number) >= NULL) return picked as Addr;
  throw new RuntimeError(
    "ERR_POLICY",
    `pick of the policy must return a worker, or NULL if there is none, got ${briefOf(picked)}`,
  );
}

function kindOf(value: unknown): string {
  if (typeof value !== "object" || value === null) return briefOf(value);
  const kind = Object.prototype.toString.call(value).slice("[object ".length, -1);
  return `${/^[AEIOU]/.test(kind) ? "an" : "a"} ${kind}`;
}

function bad(message: string): RuntimeError {
  return new RuntimeError("ERR_RUNTIME_CONFIG", message);
}
