/** From the name a configuration gives to a cost model. */
import { MachineError } from "../../kernel-sim/errors.ts";
import { type CostModel, PROFILES, type ProfileName } from "./cost-model.ts";

/** Throws ERR_CONFIG for a name that is none. */
export function costModelOf(name: string | CostModel): CostModel {
  if (typeof name === "object") return name;
  const model = Object.hasOwn(PROFILES, name) ? PROFILES[name as ProfileName] : undefined;
  if (model === undefined) throw bad("profile", `one of ${Object.keys(PROFILES).join(", ")}`, name);
  return model;
}

function bad(name: string, wanted: string, got: string): MachineError {
  return new MachineError("ERR_CONFIG", `${name} must be ${wanted}, got ${got}`);
}
