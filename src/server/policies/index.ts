/** The policies that come with the library, by name. */
import type { Policy, PolicyFactory, PolicySetup } from "../policy.ts";
import { RuntimeError } from "../runtime-error.ts";
import { edf } from "./edf.ts";
import { fifo } from "./fifo.ts";
import { type GoLikeOptions, goLike, goLikeWith } from "./go-like.ts";
import { priority } from "./priority.ts";
import { type WorkStealingOptions, workStealing, workStealingWith } from "./work-stealing.ts";

export type { GoLikeOptions, WorkStealingOptions };
export { edf, fifo, goLike, goLikeWith, priority, workStealing, workStealingWith };

export const POLICY_NAMES = ["go-like", "work-stealing", "fifo", "priority", "edf"] as const;

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
  if (typeof wanted === "function") return wanted(setup);
  if (Object.hasOwn(POLICIES, wanted)) return POLICIES[wanted](setup);
  const known = POLICY_NAMES.join(", ");
  throw new RuntimeError(
    "ERR_RUNTIME_CONFIG",
    `policy must be one of ${known}, or a function, got ${String(wanted)}`,
  );
}
