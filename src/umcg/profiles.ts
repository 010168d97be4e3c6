/** The profiles of UMCG: how a machine gets its own. */
import { MachineError } from "../kernel-sim/errors.ts";
import type { Kernel } from "../kernel-sim/kernel.ts";
import { HardenedUmcg } from "./hardened.ts";
import { PostedUmcg } from "./posted.ts";
import type { UninitialisedLocal } from "./posted-servers.ts";
import type { Umcg, UmcgProfile } from "./umcg.ts";

/** Throws ERR_CONFIG naming the bad value. */
export function checkProfile(profile: string, local: string): UmcgProfile {
  if (profile !== "hardened" && profile !== "posted") {
    throw new MachineError("ERR_CONFIG", `umcg must be "hardened" or "posted", got ${profile}`);
  }
  if (local !== "zero" && local !== "garbage") {
    throw new MachineError("ERR_CONFIG", `uninitialisedLocal must be "zero" or "garbage", got ${local}`);
  }
  return profile;
}

export function createUmcg(kernel: Kernel, profile: UmcgProfile, local?: UninitialisedLocal): Umcg {
  return profile === "posted" ? new PostedUmcg(kernel, local) : new HardenedUmcg(kernel);
}
