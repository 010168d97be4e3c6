/** Options that describe the simulated machine, the same in every command. */
import { readFileSync } from "node:fs";
import { plural } from "../diagnostics/plural.ts";
import { messageOf } from "../diagnostics/text-of.ts";
import { type CostModel, PROFILES, type ProfileName } from "../hosts/virtual/cost-model.ts";
import { parseCostProfile } from "../hosts/virtual/cost-profile.ts";
import { FAIR_POLICIES } from "../kernel-sim/fair-class.ts";
import { IDLE_GOVERNORS } from "../kernel-sim/idle-governor.ts";
import type { MachineConfig } from "../machine.ts";
import type { Options, OptionTypes } from "./options.ts";

export const MAX_VCPUS = 1024;

/** Of benchmarks whose tasks compete: the kernel of today, with its ticks. */
export const MACHINE_OPTIONS: OptionTypes = {
  vcpus: { type: "string" },
  fair: { type: "string" },
  profile: { type: "string" },
  idle: { type: "string" },
  jitter: { type: "boolean" },
  seed: { type: "string" },
};

/** Its part of a command's help. */
export function machineHelp(vcpus: number): string {
  return `Options of the machine:
  --vcpus N        1 to ${MAX_VCPUS} (default ${vcpus})
  --fair POLICY    ${FAIR_POLICIES.join(" | ")}
                   (default eevdf-7.2)
  --profile NAME   native | guest | ideal, or a .json file (default native)
  --idle STATE     state of an idle vCPU (default: the profile's)
  --jitter         spread the costs around their median
  --seed N         seed of the jitter (default 1)`;
}

export type MachineChoice = Required<Pick<MachineConfig, "vcpus" | "jitter" | "seed">> & {
  readonly profile: CostModel;
  readonly fair: (typeof FAIR_POLICIES)[number];
  readonly idle?: string;
};

/** Throws UsageError. */
export function readMachine(options: Options, vcpus: number): MachineChoice {
  const profile = readProfile(options);
  const idle = readIdle(options, profile);
  return {
    vcpus: options.integer("vcpus", 1, MAX_VCPUS, vcpus),
    profile,
    fair: options.oneOf("fair", FAIR_POLICIES) ?? "eevdf-7.2",
    ...(idle !== undefined && { idle }),
    jitter: options.has("jitter"),
    seed: readSeed(options),
  };
}

/** A machine in a title, and in JSON. */
export interface MachineFacts {
  readonly vcpus: number;
  readonly profile: string;
  readonly idle: string;
  readonly fair: string;
  readonly jitter: boolean;
  readonly seed: number;
}

export function machineLine({ vcpus, profile, idle, fair, jitter, seed }: MachineFacts): string {
  const noise = jitter ? `jitter with seed ${seed}` : "no jitter";
  return `${plural(vcpus, "vCPU")}, profile ${profile}, idle ${idle}, ${fair}, ${noise}`;
}

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
      throw options.usage(`--profile ${given}: ${messageOf(error)}`);
    }
  }
  const names = Object.keys(PROFILES) as ProfileName[];
  return PROFILES[options.oneOf("profile", names, ", or a .json file") ?? "native"];
}
