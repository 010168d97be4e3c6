/** What a runtime of host threads is created with. */
import { availableParallelism } from "node:os";
import type { ResourceLimits } from "node:worker_threads";
import { type Known, unknownOption } from "../diagnostics/known-options.ts";
import { ThreadError } from "./errors.ts";
import type { PolicyModule, PolicyName } from "./policy.ts";

/** What host threads are made with. */
export interface HostThreadsOptions {
  /** How many threads run at once. Default: as many as the machine runs. */
  readonly cpus?: number;
  /** How many there are at once, each a Worker of about 10 MB; more that are spawned wait. Default 64. */
  readonly threads?: number;
  /** Workers to start before `createThreads` returns. Default 0: each when it is needed. */
  readonly prewarm?: number;
  /** Which thread runs next: "fifo" (default), "per-cpu", or a module of one's own. */
  readonly policy?: PolicyName | PolicyModule;
  /** How long a thread may run while others are ready, until its next safepoint. Default 10; 0: as long as it likes. */
  readonly quantumMs?: number;
  /** Mutexes that can be made. Default 64. */
  readonly mutexes?: number;
  /** Semaphores and channels that can be made, and the bytes of the places of all channels. Default 64, 64, 1 MiB. */
  readonly semaphores?: number;
  readonly channels?: number;
  readonly channelBytes?: number;
  /**
   * How long an idle CPU looks for work before its thread sleeps, µs, where that has been worth it lately: it saves a wake-up where
   * the host's CPUs have nothing else to do, and is soon hardly tried where they have. Less than a wake-up takes is in vain. 0: never; at most 10 000.
   * Default 100; 0 on a machine of one CPU.
   */
  readonly spinUs?: number;
  readonly startTimeoutMs?: number;
  /** Memory of each Worker. */
  readonly resourceLimits?: ResourceLimits;
  /** A thread that has not run for so long is reported, with what it waits for. Default: none is. */
  readonly watchdogMs?: number;
  /** A call of the policy that takes so long does not come back: it ends the runtime. Default 10 000; 0: it is waited for. */
  readonly policyTimeoutMs?: number;
  /** Where reports go. Default: standard error. */
  readonly print?: (text: string) => void;
}

export interface ResolvedOptions {
  readonly cpus: number;
  readonly threads: number;
  readonly prewarm: number;
  readonly policy: PolicyName | PolicyModule;
  readonly quantumMs: number;
  readonly mutexes: number;
  readonly semaphores: number;
  readonly channels: number;
  readonly channelBytes: number;
  readonly spinUs: number;
  readonly startTimeoutMs: number;
  readonly resourceLimits: ResourceLimits | undefined;
  readonly watchdogMs: number;
  readonly policyTimeoutMs: number;
  readonly print: (text: string) => void;
}

/** Twice what it takes to wake a CPU that sleeps: a partner who has gone to sleep is back in time. */
const SPIN_US = 100;
/** A time-out that comes meanwhile is so late. */
const MAX_SPIN_US = 10_000;

const NAMES: Known<HostThreadsOptions> = {
  cpus: true,
  threads: true,
  prewarm: true,
  policy: true,
  quantumMs: true,
  mutexes: true,
  semaphores: true,
  channels: true,
  channelBytes: true,
  spinUs: true,
  startTimeoutMs: true,
  resourceLimits: true,
  watchdogMs: true,
  policyTimeoutMs: true,
  print: true,
};

/** Fills in what was not given. Throws ERR_OPTION. */
export function resolveOptions(options: HostThreadsOptions): ResolvedOptions {
  const unknown = unknownOption(options, NAMES);
  if (unknown !== undefined) throw new ThreadError("ERR_OPTION", unknown);
  const all: ResolvedOptions = {
    cpus: availableParallelism(),
    threads: 64,
    prewarm: 0,
    policy: "fifo",
    quantumMs: 10,
    mutexes: 64,
    semaphores: 64,
    channels: 64,
    channelBytes: 1 << 20,
    spinUs: availableParallelism() > 1 ? SPIN_US : 0,
    startTimeoutMs: 20_000,
    resourceLimits: undefined,
    watchdogMs: 0,
    policyTimeoutMs: 10_000,
    print: (text) => process.stderr.write(`${text}\n`),
    ...options,
  };
  for (const name of [
    ...["quantumMs", "spinUs", "startTimeoutMs"],
    ...["watchdogMs", "policyTimeoutMs"],
  ] as const) {
    if (all[name] >= 0) continue;
    throw new ThreadError("ERR_OPTION", `${name} must be a number from 0 up, got ${all[name]}`);
  }
  if (all.spinUs > MAX_SPIN_US)
    throw new ThreadError("ERR_OPTION", `spinUs must be at most ${MAX_SPIN_US}, got ${all.spinUs}`);
  if (!Number.isInteger(all.prewarm) || all.prewarm < 0 || all.prewarm > all.threads) {
    const range = `from 0 to threads, which is ${all.threads}`;
    throw new ThreadError("ERR_OPTION", `prewarm must be a whole number ${range}, got ${all.prewarm}`);
  }
  return all;
}
