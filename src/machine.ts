/**
 * The composition root: the one place that knows every part. A machine is a kernel on a host with a UMCG profile.
 *
 *     const machine = createMachine({ vcpus: 2 });
 *     machine.spawn(function* (env) { yield* env.work(1000); });
 *     machine.run();
 */
import type { Addr } from "./atomics/address.ts";
import type { Protection } from "./atomics/page-table.ts";
import { type Accounting, accounting } from "./hosts/virtual/accounting.ts";
import { type BootConfig, checkBootConfig } from "./hosts/virtual/boot-config.ts";
import { costModelOf } from "./hosts/virtual/choose-costs.ts";
import type { CostModel, ProfileName } from "./hosts/virtual/cost-model.ts";
import { idlePolicy } from "./hosts/virtual/idle-policy.ts";
import { Jitter } from "./hosts/virtual/jitter.ts";
import { VirtualHost } from "./hosts/virtual/virtual-host.ts";
import type { BalanceConfig } from "./kernel-sim/balance.ts";
import type { TaskOptions } from "./kernel-sim/clone.ts";
import { checkKernelConfig, type KernelConfig, type WakeMode } from "./kernel-sim/config.ts";
import { describeWaiters, type Waiter, waiters } from "./kernel-sim/deadlock.ts";
import { kernelConfigOf } from "./kernel-sim/default-config.ts";
import { MachineError } from "./kernel-sim/errors.ts";
import type { FairPolicy } from "./kernel-sim/fair-class.ts";
import { resolveFault } from "./kernel-sim/faults.ts";
import { type IdleTime, idleTimes } from "./kernel-sim/idle-governor.ts";
import type { Tid } from "./kernel-sim/ids.ts";
import { Kernel } from "./kernel-sim/kernel.ts";
import type { BootReport } from "./kernel-sim/smp/bring-up.ts";
import {
  beginStop,
  OUTSIDE,
  STOP_EMERGENCY,
  STOP_NOT,
  STOP_ORDERLY,
  type StopReport,
  stopEnded,
  stopReport,
} from "./kernel-sim/smp/stop.ts";
import { checkTime, FOREVER } from "./kernel-sim/times.ts";
import type { TopologyConfig } from "./kernel-sim/topology.ts";
import { TraceRing } from "./trace/ring.ts";
import { type Program, UserSpace } from "./umcg/env.ts";
import type { UninitialisedLocal } from "./umcg/posted-servers.ts";
import { checkProfile, createUmcg, type UmcgProfile } from "./umcg/profiles.ts";

export interface MachineConfig {
  /** vCPUs, 1 to 1024. Default 1. */
  readonly vcpus?: number;
  /** Tasks that can exist at once. Default 1024. */
  readonly maxTasks?: number;
  /** Bytes of user memory, a multiple of 4096. Default 1 MiB. */
  readonly userBytes?: number;
  /** Default 64 and 4096. */
  readonly maxPipes?: number;
  readonly pipeBytes?: number;
  /** Descriptors beside those of pipes. Default 64. */
  readonly maxFiles?: number;
  /** Files that epolls can watch at once, in all. Default 256. */
  readonly maxWatches?: number;
  /** Timers that devices and timerfds can have at once (`createTimer`). Default 64. */
  readonly maxTimers?: number;
  /** What it takes to read a page that is on disk, ns. Default 100 000. */
  readonly majorFaultNs?: number;
  /** Cost profile: "native" (default), "guest", "ideal" (everything is free), or one of your own (`parseCostProfile`). */
  readonly profile?: ProfileName | CostModel;
  /**
   * Idle state by name: "poll", "c1", "c1e", "c6" (native), "poll", "hlt" (guest); or who chooses among them: "menu",
   * "haltpoll", "oracle" (idle-governor.ts). Default: the profile's state.
   */
  readonly idle?: string;
  /** Ticks a second and CPU; 0 = none. Default 250. */
  readonly tickHz?: number;
  /** Threads of a core, cores of an LLC, LLCs of a socket. Default: one thread a core, one LLC, one socket. */
  readonly topology?: TopologyConfig;
  /** When CPUs pull waiting tasks from each other: out of work, and from the tick. Default: never. */
  readonly balance?: BalanceConfig;
  /** Working set of a task, bytes, that it fetches again when it comes to another core. Default 0: that costs nothing. */
  readonly migrationBytes?: number;
  /**
   * Rules of the fair class: "virtual-time" (default), "eevdf-6.12" or "eevdf-7.2"; or a discipline of queueing theory, on
   * one queue for all CPUs: "fcfs", "rr", "ps" or "srpt".
   */
  readonly fair?: FairPolicy;
  /** Slice of a fair task, ns. Default: EEVDF's base slice for the number of CPUs; 1000 for "ps". */
  readonly sliceNs?: number;
  /** Slices end by a timer of their own instead of at the tick. Default false; "rr" and "ps" always do. */
  readonly hrtick?: boolean;
  /** Timer slack, ns. Default 50 000. */
  readonly timerSlackNs?: number;
  /** How primitives wake; one mode for all, or by primitive. Default: pipe "sync", futex "any", umcg "current-cpu". */
  readonly wake?: WakeMode | Partial<KernelConfig["wake"]>;
  /** What bringing the CPUs up costs, and what goes wrong. Default: nothing, nothing. */
  readonly boot?: BootConfig;
  /** Noise on step costs. Default off. */
  readonly jitter?: boolean;
  /** Seed of the noise, an integer. Default 1. */
  readonly seed?: number;
  /** UMCG profile: v0.3 completed ("hardened", the default), or as it was posted, flaws included ("posted"). */
  readonly umcg?: UmcgProfile;
  /** F4 of the posted profile: what an uninitialised local holds. Default "zero". */
  readonly uninitialisedLocal?: UninitialisedLocal;
  /** Count what each step costs and who pays (`Machine.accounting().steps`). Default false: it takes 3 % of the speed. */
  readonly accounting?: boolean;
  /** Keep a trace. Default false: then tracing costs nothing. */
  readonly trace?: boolean;
  /** Events the trace ring holds, a power of two. Default 65536. */
  readonly traceEvents?: number;
}

export interface RunResult {
  /** Virtual time at the end, ns. */
  readonly virtualNs: number;
  /** Context switches, to idle and back included. */
  readonly switches: number;
  readonly ipis: number;
  readonly ipisCoalesced: number;
  /** Events the host handled. */
  readonly events: number;
}

export interface RunOptions {
  /** Stop when virtual time reaches this, ns, up to 2^52. Default: run until every task has exited. */
  readonly untilNs?: number;
  /** Asked now and then; true ends the run early. */
  readonly stop?: () => boolean;
}

export class Machine {
  readonly kernel: Kernel;
  readonly host: VirtualHost;
  readonly userSpace: UserSpace;
  readonly trace: TraceRing;
  readonly costs: CostModel;
  /** Which CPUs came up, and when. */
  readonly boot: BootReport;

  constructor(config: MachineConfig = {}) {
    this.costs = costModelOf(config.profile ?? "native");
    const kernelConfig = kernelConfigOf(config, idlePolicy(this.costs, config.idle));
    checkKernelConfig(kernelConfig);
    const seed = config.seed ?? 1;
    if (!Number.isSafeInteger(seed)) throw bad("seed", "an integer", seed);
    const profile = checkProfile(config.umcg ?? "hardened", config.uninitialisedLocal ?? "zero");
    const traceEvents = config.traceEvents ?? 65536;
    if (!TRACE_SIZES.includes(traceEvents))
      throw bad("traceEvents", "a power of two up to 2^24", traceEvents);
    this.trace = new TraceRing(traceEvents);
    this.trace.on = config.trace ?? false;
    this.kernel = new Kernel({
      config: kernelConfig,
      trace: this.trace,
      nosleep: profile === "posted" ? "resolve-as-write" : "refuse",
      fault: (kernel) => (a: Addr, write: boolean) => resolveFault(kernel, a, write),
    });
    const jitter = config.jitter ? new Jitter(seed) : undefined;
    const boot = checkBootConfig(config.boot ?? {}, kernelConfig.vcpus);
    this.host = new VirtualHost(this.kernel, {
      costs: this.costs,
      jitter,
      boot,
      accounting: config.accounting ?? false,
    });
    this.kernel.host = this.host;
    const umcg = createUmcg(this.kernel, profile, config.uninitialisedLocal);
    this.kernel.hooks = umcg;
    this.userSpace = new UserSpace(this.kernel, umcg);
    this.boot = this.host.boot();
  }

  /** Creates a task; it runs when the machine does. Throws ERR_CONFIG, ERR_TASK_LIMIT, ERR_HALTED. */
  spawn(program: Program, options: TaskOptions = {}): Tid {
    if (this.stopped !== undefined) throw new MachineError("ERR_HALTED", "the machine has been stopped");
    return this.userSpace.start(program, options);
  }

  /** Zeroed user memory. Throws ERR_USER_MEMORY. */
  allocate(bytes: number, align = 64): Addr {
    return this.kernel.allocate(bytes, align);
  }

  /** Sets what user space may do with the pages that overlap a range. */
  protect(a: Addr, length: number, protection: Protection): void {
    this.kernel.pages.protect(a, length, protection);
  }

  /** Moves the pages that overlap a range to disk, if they are present: whoever touches one next waits for it. */
  swapOut(a: Addr, length: number): void {
    this.kernel.pages.swapOut(a, length);
  }

  /**
   * Runs until every task has exited, the machine is stopped, or as `options` say. Throws ERR_DEADLOCK when tasks remain and
   * nothing can happen any more, ERR_PANIC when the kernel gave up, ERR_TIME for an `untilNs` that is no time or at the end of
   * time (times.ts), and whatever a program threw (ERR_PROGRAM_THREW). A machine that threw cannot be run on.
   */
  run(options: RunOptions = {}): RunResult {
    // Not until nothing is pending: a tick armed for tasks that are gone is not worth waiting for.
    const { kernel } = this;
    const { smp } = kernel;
    const ended = (): boolean => smp.stopHow !== STOP_NOT && stopEnded(kernel);
    const stop = (): boolean => kernel.live === 0 || ended() || options.stop?.() === true;
    const { untilNs = FOREVER } = options;
    if (untilNs !== FOREVER) checkTime("run({ untilNs })", untilNs);
    if (!ended()) this.host.run(Math.ceil(untilNs), stop);
    this.trace.flush();
    this.host.time.check();
    if (smp.stopHow === STOP_EMERGENCY) throw new MachineError("ERR_PANIC", `panic: ${kernel.stopReason}`);
    if (smp.stopHow === STOP_NOT && this.host.pending === 0 && kernel.live > 0) {
      const list = this.waiters();
      throw new MachineError(
        "ERR_DEADLOCK",
        `deadlock: nothing is runnable, no timer is armed, and ${list.length} tasks wait\n${describeWaiters(list)}`,
      );
    }
    return this.result();
  }

  /** What idle CPUs do: the name of a state, or of a governor. */
  get idle(): string {
    const { governor, states, state } = this.kernel.config.idle;
    return governor ?? states[state]!.name;
  }

  /** How long each CPU slept in each idle state, and how often, up to its last wake-up. */
  idleTimes(): IdleTime[] {
    return idleTimes(this.kernel.idle, this.kernel.cpus.count);
  }

  /**
   * Stops every CPU in order, each where it holds nothing, and says what was left behind. CPUs that take more than a second
   * of virtual time are stragglers. The machine cannot be run on.
   */
  halt(): StopReport {
    return this.#stop(STOP_ORDERLY, "halt");
  }

  /** Stops every CPU where it is, as a panic of the kernel does, within 10 ms of virtual time. */
  panic(reason: string): StopReport {
    return this.#stop(STOP_EMERGENCY, reason);
  }

  /** What the stop of the machine left behind, by `halt`, `panic` or a reboot; undefined while it has not been stopped. */
  get stopped(): StopReport | undefined {
    return this.kernel.smp.stopHow === STOP_NOT ? undefined : stopReport(this.kernel);
  }

  #stop(how: number, reason: string): StopReport {
    const { kernel } = this;
    beginStop(kernel, OUTSIDE, how, reason);
    if (!stopEnded(kernel)) this.host.run(kernel.stopDeadlineNs, () => stopEnded(kernel));
    this.trace.flush();
    this.host.time.check();
    return stopReport(kernel);
  }

  /** Tasks that have not exited, with what each waits for. */
  waiters(): Waiter[] {
    return waiters(this.kernel);
  }

  /** Where the time of each CPU went, what each step cost and who paid, what each task had. */
  accounting(): Accounting {
    return accounting(this.kernel, this.host);
  }

  result(): RunResult {
    const { cpus } = this.kernel;
    const result = {
      virtualNs: this.host.now,
      switches: 0,
      ipis: 0,
      ipisCoalesced: 0,
      events: this.host.events,
    };
    for (let cpu = 0; cpu < cpus.count; cpu++) {
      result.switches += cpus.switches(cpu);
      result.ipis += cpus.ipisSent(cpu);
      result.ipisCoalesced += cpus.ipisCoalesced(cpu);
    }
    return result;
  }
}

/** Creates a machine and brings its CPUs up. Throws MachineError ERR_CONFIG naming the first bad value, ERR_BOOT. */
export function createMachine(config: MachineConfig = {}): Machine {
  return new Machine(config);
}

const TRACE_SIZES: readonly number[] = Array.from({ length: 25 }, (_, power) => 2 ** power);

function bad(name: string, wanted: string, got: unknown): MachineError {
  return new MachineError("ERR_CONFIG", `${name} must be ${wanted}, got ${String(got)}`);
}
