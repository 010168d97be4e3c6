/** Options that describe the simulated machine, the same in every command. */
import { readFileSync } from "node:fs";
import { type CostModel, PROFILES, type ProfileName } from "../hosts/virtual/cost-model.ts";
import { parseCostProfile } from "../hosts/virtual/cost-profile.ts";
import { IDLE_GOVERNORS } from "../kernel-sim/idle-governor.ts";
import type { Options } from "./options.ts";

export const MAX_VCPUS = 1024;

export function readSeed(options: Options): number {
  return options.integer("seed", Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, 1);
}

/** `--idle`: a state of the profile or a governor, undefined for the profile's own choice. */
export function readIdle(options: Options, { name, idleStates }: CostModel): string | undefined {
  const names = [...idleStates.map((state) => state.name), ...IDLE_GOVERNORS];
  return options.oneOf("idle", names, ` (profile ${name})`);
}

/** A profile by name, or one of the user's own from a .json file. */
export function readProfile(options: Options): CostModel {
  const given = options.text("profile");
  if (given?.endsWith(".json")) {
    try {
      return parseCostProfile(JSON.parse(readFileSync(given, "utf8")));
    } catch (error) {
      throw options.usage(`--profile ${given}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  const names = Object.keys(PROFILES) as ProfileName[];
  return PROFILES[options.oneOf("profile", names, ", or a .json file") ?? "native"];
}
