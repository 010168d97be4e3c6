/** What there is to say of an execution that was cut off for its length. */
import { plural } from "../diagnostics/plural.ts";
import type { System } from "../interleaving/system.ts";

/** The system is left anywhere. */
export function endlessMessage(system: System, maxSteps: number): string {
  const message = `an execution did not end within ${plural(maxSteps, "step")}`;
  const livelock = system.livelock?.();
  return livelock === undefined ? message : `${message}, a livelock: ${livelock}`;
}
