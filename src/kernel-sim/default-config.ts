/** What a machine is unless its configuration says otherwise. Nothing is checked here (config.ts). */
import type { Known } from "../diagnostics/known-options.ts";
import { baseSliceNs, type KernelConfig, type WakeMode } from "./config.ts";
import type { IdlePolicy } from "./idle-governor.ts";

/** Processor sharing is round robin with a quantum that is small beside any service time. */
const PS_QUANTUM_NS = 1000;

/** What may be left out, and `wake` for all primitives at once. */
export type KernelOptions = Partial<Omit<KernelConfig, "wake" | "idle">> & {
  readonly wake?: WakeMode | Partial<KernelConfig["wake"]>;
};

/** Their names. */
export const KERNEL_OPTIONS: Known<KernelOptions> = {
  vcpus: true,
  maxTasks: true,
  userBytes: true,
  maxPipes: true,
  pipeBytes: true,
  maxFiles: true,
  maxWatches: true,
  maxTimers: true,
  majorFaultNs: true,
  tickHz: true,
  topology: true,
  balance: true,
  migrationBytes: true,
  fair: true,
  sliceNs: true,
  hrtick: true,
  timerSlackNs: true,
  wake: true,
};

/** `idle`: what the machine's idle states and its own choice among them come to. */
export function kernelConfigOf(config: KernelOptions, idle: IdlePolicy): KernelConfig {
  const vcpus = config.vcpus ?? 1;
  const all = typeof config.wake === "string" ? config.wake : undefined;
  const each = typeof config.wake === "object" ? config.wake : {};
  return {
    vcpus,
    maxTasks: config.maxTasks ?? 1024,
    userBytes: config.userBytes ?? 1 << 20,
    maxPipes: config.maxPipes ?? 64,
    pipeBytes: config.pipeBytes ?? 4096,
    maxFiles: config.maxFiles ?? 64,
    maxWatches: config.maxWatches ?? 256,
    maxTimers: config.maxTimers ?? 64,
    majorFaultNs: config.majorFaultNs ?? 100_000,
    tickHz: config.tickHz ?? 250,
    topology: config.topology ?? {},
    balance: config.balance ?? {},
    idle,
    migrationBytes: config.migrationBytes ?? 0,
    fair: config.fair ?? "virtual-time",
    sliceNs: config.sliceNs ?? (config.fair === "ps" ? PS_QUANTUM_NS : baseSliceNs(vcpus >= 1 ? vcpus : 1)),
    hrtick: config.hrtick ?? false,
    timerSlackNs: config.timerSlackNs ?? 50_000,
    wake: {
      pipe: all ?? each.pipe ?? "sync",
      futex: all ?? each.futex ?? "any",
      umcg: all ?? each.umcg ?? "current-cpu",
    },
  };
}
