/** The policies that come with the library, by name. */
import { messageOf } from "../../diagnostics/text-of.ts";
import { holdPolicy } from "../held-policy.ts";
import type { Policy, PolicyFactory, PolicySetup } from "../policy.ts";
import { RuntimeError } from "../runtime-error.ts";
import { edf } from "./edf.ts";
import { fifo } from "./fifo.ts";
import { type GoLikeOptions, goLike, goLikeWith } from "./go-like.ts";
import { priority } from "./priority.ts";
import { type WorkStealingOptions, workStealing, workStealingWith } from "./work-stealing.ts";

export type { GoLikeOptions, WorkStealingOptions };
export { edf, fifo, goLike, goLikeWith, priority, workStealing, workStealingWith };

/** Every policy that comes with the library. */
export const POLICY_NAMES = ["go-like", "work-stealing", "fifo", "priority", "edf"] as const;

/** A policy that comes with the library: docs/scheduler-policies.md says which is for what. */
export type PolicyName = (typeof POLICY_NAMES)[number];

const POLICIES: Readonly<Record<PolicyName, PolicyFactory>> = {
  "go-like": goLike,
  "work-stealing": workStealing,
  fifo,
  priority,
  edf,
};

/** Makes the policy that was asked for, by name or by its own factory. Throws ERR_RUNTIME_CONFIG. */
export function makePolicy(wanted: PolicyName | PolicyFactory, setup: PolicySetup): Policy {
  if (typeof wanted === "function") return made(wanted, setup);
  if (Object.hasOwn(POLICIES, wanted)) return POLICIES[wanted](setup);
  const known = POLICY_NAMES.join(", ");
  throw new RuntimeError(
    "ERR_RUNTIME_CONFIG",
    `policy must be one of ${known}, or a function, got ${String(wanted)}`,
  );
}

/** A policy of the user's: that it cannot be made, or lacks something, is said before a server meets it. */
function made(factory: PolicyFactory, setup: PolicySetup): Policy {
  let policy: Policy;
  try {
    policy = factory(setup);
  } catch (cause) {
    const message = messageOf(cause);
    throw new RuntimeError("ERR_RUNTIME_CONFIG", `the policy cannot be made: ${message}`, { cause });
  }
  return holdPolicy(policy);
}
