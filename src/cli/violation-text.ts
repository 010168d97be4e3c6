/** A violation in one line: its kind, and its message where that does not begin with the kind already. */
import type { Violation } from "../interleaving/system.ts";

export function violationText({
  kind,
  invariant,
  message,
}: Pick<Violation, "kind" | "invariant" | "message">): string {
  if (message.startsWith(`${kind}: `)) return message;
  const what = invariant === undefined || message.startsWith(invariant) ? kind : `${kind} ${invariant}`;
  return `${what}: ${message}`;
}
