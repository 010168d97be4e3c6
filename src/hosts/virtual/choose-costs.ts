/** From the names a configuration gives to a cost model and one of its idle states. */
import { MachineError } from "../../kernel-sim/errors.ts";
import { type CostModel, PROFILES, type ProfileName } from "./cost-model.ts";

/** Throws ERR_CONFIG for a name that is none. */
export function costModelOf(name: string | CostModel): CostModel {
  if (typeof name === "object") return name;
  const model = Object.hasOwn(PROFILES, name) ? PROFILES[name as ProfileName] : undefined;
  if (model === undefined) throw bad("profile", `one of ${Object.keys(PROFILES).join(", ")}`, name);
  return model;
}

/** Index of an idle state; the profile's own without a name. Throws ERR_CONFIG. */
export function idleStateOf(costs: CostModel, name: string | undefined): number {
  if (name === undefined) return costs.defaultIdleState;
  const index = costs.idleStates.findIndex((state) => state.name === name);
  if (index < 0) throw bad("idle", `one of ${costs.idleStates.map((s) => s.name).join(", ")}`, name);
  return index;
}

function bad(name: string, wanted: string, got: string): MachineError {
  return new MachineError("ERR_CONFIG", `${name} must be ${wanted}, got ${got}`);
}
