/** The policies that come with the library, by name. */
import type { Policy, PolicyFactory, PolicySetup } from "../policy.ts";
import { RuntimeError } from "../runtime-error.ts";
import { fifo } from "./fifo.ts";

export { fifo };

export type PolicyName = "fifo";

export const POLICIES: Readonly<Record<PolicyName, PolicyFactory>> = { fifo };

/** Makes the policy that was asked for, by name or by its own factory. Throws ERR_RUNTIME_CONFIG. */
export function makePolicy(wanted: PolicyName | PolicyFactory, setup: PolicySetup): Policy {
  if (typeof wanted === "function") return wanted(setup);
  if (Object.hasOwn(POLICIES, wanted)) return POLICIES[wanted](setup);
  const known = Object.keys(POLICIES).join(", ");
  throw new RuntimeError(
    "ERR_RUNTIME_CONFIG",
    `policy must be one of ${known}, or a function, got ${String(wanted)}`,
  );
}
