/** The machine and the runtime of a mixed load, as its seed has them: 16 vCPUs, all else as it comes. */
import { QUEUE_POLICIES } from "../../../src/kernel-sim/fair-class.ts";
import type { MachineConfig } from "../../../src/machine.ts";
import { Sfc32 } from "../../../src/random/sfc32.ts";
import { POLICY_NAMES, type PolicyName } from "../../../src/server/policies/index.ts";
import type { Shape } from "./plan.ts";

export const VCPUS = 16;
/** More than vCPUs: those that share one get in each other's way. */
export const MAX_SERVERS = 24;

export interface Setting {
  readonly machine: MachineConfig;
  readonly policy: PolicyName;
  readonly servers: number;
  readonly maxServers: number;
  readonly preemptNs: number;
  readonly spin: number;
  /** Accesses to memory between two interruptions, at most (jerks.ts); 0: none. */
  readonly jerks: number;
}

/** Parts of a setting that the shrinker tries to do without. */
export const SETTING_PARTS = [
  "check",
  "jitter",
  "ticks",
  "hardware",
  "slack",
  "servers",
  "policy",
  "preempt",
  "spin",
  "jerks",
] as const;

export function settingOf(shape: Shape): Setting {
  const stream = new Sfc32(shape.seed, 0);
  const one = <T>(...options: readonly T[]): T => options[Math.floor(stream.next() * options.length)]!;
  const has = (part: (typeof SETTING_PARTS)[number]): boolean => !shape.without.includes(part);
  const drawn = {
    hardware: one(
      { profile: "native", idle: "poll" },
      { profile: "native", idle: "c1" },
      { profile: "native", idle: "c6" },
      { profile: "guest", idle: "hlt" },
      { profile: "native", idle: "menu" },
    ) as Pick<MachineConfig, "profile" | "idle">,
    fair: one(...QUEUE_POLICIES),
    tickHz: one(0, 250, 1000),
    timerSlackNs: one(0, 50_000),
    jitter: one(true, false),
    wake: one("any", "sync", "current-cpu") as "any" | "sync" | "current-cpu",
    policy: one(...POLICY_NAMES),
    servers: one(1, 3, VCPUS, VCPUS, VCPUS, MAX_SERVERS),
    preemptNs: one(0, 20_000, 50_000, 200_000),
    spin: one(0, 0, 3, 30),
    check: stream.next() < 0.2,
    jerks: one(0, 0, 8, 60),
  };
  const jerks = has("jerks") && shape.workers <= 1000 ? drawn.jerks : 0;
  // A tick that is shorter than the wake-up of another CPU, or than a tick's own work, comes before the worker does, each time.
  const slowness = jerks > 0 ? 60 : drawn.wake === "current-cpu" ? 1 : 10;
  return {
    machine: {
      vcpus: VCPUS,
      // As many as there can ever be, so that no number is used twice: a signal comes to whom it was meant for.
      maxTasks: 4 * shape.workers + 1024,
      userBytes: 4096 * Math.ceil((2 ** 20 + 2048 * shape.workers) / 4096),
      majorFaultNs: 20_000,
      seed: shape.seed,
      fair: drawn.fair,
      wake: drawn.wake,
      tickHz: has("ticks") ? drawn.tickHz : 0,
      timerSlackNs: has("slack") ? drawn.timerSlackNs : 0,
      jitter: has("jitter") && drawn.jitter,
      // What it costs grows with what happens; a full-size load is checked by its own oracles.
      ...(has("check") && drawn.check && shape.workers <= 1000 ? { check: true } : {}),
      ...(has("hardware") ? drawn.hardware : {}),
    },
    policy: has("policy") ? drawn.policy : "fifo",
    servers: has("servers") ? drawn.servers : VCPUS,
    maxServers: MAX_SERVERS,
    preemptNs: has("preempt") ? drawn.preemptNs * slowness : 0,
    spin: has("spin") ? drawn.spin : 0,
    jerks,
  };
}
