/**
 * The composition root: the one place that knows every part. A machine is a kernel on a host with a UMCG profile.
 *
 *     const machine = createMachine({ vcpus: 2 });
 *     machine.spawn(function* (env) { yield* env.work(1000); });
 *     machine.run();
 *
 * One run at a time, and the end (`Symbol.asyncDispose`) is for good: whoever else wants to run the machine is told so.
 */
import type { Addr } from "./atomics/address.ts";
import type { Protection } from "./atomics/page-table.ts";
import { RUN } from "./diagnostics/channels.ts";
import { type Accounting, accounting } from "./hosts/virtual/accounting.ts";
import { checkBootConfig } from "./hosts/virtual/boot-config.ts";
import { costModelOf } from "./hosts/virtual/choose-costs.ts";
import type { CostModel } from "./hosts/virtual/cost-model.ts";
import { idlePolicy } from "./hosts/virtual/idle-policy.ts";
import { Jitter } from "./hosts/virtual/jitter.ts";
import { VirtualHost } from "./hosts/virtual/virtual-host.ts";
import type { TaskOptions } from "./kernel-sim/clone.ts";
import { checkKernelConfig } from "./kernel-sim/config.ts";
import { deadlockMessage, type Waiter, waiters } from "./kernel-sim/deadlock.ts";
import { kernelConfigOf } from "./kernel-sim/default-config.ts";
import { checkNames, MachineError } from "./kernel-sim/errors.ts";
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
import { MACHINE_OPTIONS, type MachineConfig, type RunOptions, type RunResult } from "./machine/config.ts";
import { Lifetime, type Tenant } from "./machine/lifetime.ts";
import { memoryParts } from "./machine/memory-parts.ts";
import { SLICE_MS } from "./machine/slice.ts";
import {
  finish,
  inSlices,
  type Progress,
  type RunAsyncOptions,
  type SliceOptions,
} from "./machine/sliced-run.ts";
import { TraceRing } from "./trace/ring.ts";
import { type Program, UserSpace } from "./umcg/env.ts";
import { createChecker, type InvariantChecker } from "./umcg/invariants/index.ts";
import { checkProfile, createUmcg } from "./umcg/profiles.ts";

export * from "./machine/config.ts";
export type { Tenant } from "./machine/lifetime.ts";
export type { Progress, RunAsyncOptions, SliceOptions } from "./machine/sliced-run.ts";

/** A simulated machine: `createMachine` makes one. */
export class Machine {
  readonly kernel: Kernel;
  readonly host: VirtualHost;
  readonly userSpace: UserSpace;
  readonly trace: TraceRing;
  readonly costs: CostModel;
  /** Which CPUs came up, and when. */
  readonly boot: BootReport;
  /** Undefined unless the machine was made with `check`. */
  readonly checker: InvariantChecker | undefined;
  readonly #lifetime: Lifetime;

  constructor(config: MachineConfig = {}) {
    checkNames(config, MACHINE_OPTIONS);
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
    this.checker = createChecker(config.check ?? false, profile);
    this.trace.on = config.trace ?? this.checker !== undefined;
    this.kernel = new Kernel({
      config: kernelConfig,
      trace: this.trace,
      nosleep: profile === "posted" ? "resolve-as-write" : "refuse",
      ...memoryParts(config.sharedMemory ?? false, this.checker),
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
    const plain = createUmcg(this.kernel, profile, config.uninitialisedLocal);
    const umcg = this.checker?.attach(this.kernel, plain) ?? plain;
    this.kernel.hooks = umcg;
    this.userSpace = new UserSpace(this.kernel, umcg);
    this.boot = this.host.boot();
    this.#lifetime = new Lifetime(this.host);
  }

  /** Creates a task; it runs when the machine does. Throws ERR_CONFIG, ERR_TASK_LIMIT, ERR_HALTED, ERR_DISPOSED. */
  spawn(program: Program, options: TaskOptions = {}): Tid {
    this.#lifetime.checkAlive();
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
   * time (times.ts), ERR_RUNNING when it runs already, ERR_DISPOSED, and whatever a program threw (ERR_PROGRAM_THREW). A machine
   * that threw cannot be run on: ERR_HALTED, saying why.
   */
  run(options: RunOptions = {}): RunResult {
    this.#lifetime.checkWhole();
    return this.#run(options);
  }

  /**
   * The same as a promise, which does not hold up the event loop: it goes in slices of some ms of wall time. Rejects with what
   * `run` throws, with the reason of an aborted signal, and with ERR_DISPOSED when the machine is disposed of meanwhile.
   */
  async runAsync(options: RunAsyncOptions = {}): Promise<RunResult> {
    return finish(this.slices(options), options);
  }

  /**
   * The same slice by slice, for whoever has an event loop of his own: each `next()` runs one, `return()` gives the rest up.
   * Begins with the first `next()`. Throws what `run` throws.
   */
  *slices({ untilNs, sliceMs = SLICE_MS }: SliceOptions = {}): Generator<Progress, RunResult, void> {
    if (!(sliceMs > 0)) throw bad("sliceMs", "more than 0", sliceMs);
    const until = untilNs === undefined ? {} : { untilNs };
    this.#lifetime.beginSlices();
    try {
      return yield* inSlices(
        (stop) => this.#run({ ...until, stop }),
        () => this.kernel.live,
        sliceMs,
      );
    } finally {
      this.#lifetime.endSlices();
    }
  }

  /**
   * A tenant ends before the machine does (machine/lifetime.ts). Returns what ends it earlier: idempotent, and rejects with
   * ERR_RUNNING from within a run and with what its programs throw.
   */
  adopt(tenant: Tenant): () => Promise<void> {
    return this.#lifetime.adopt(tenant);
  }

  /**
   * Ends the machine, in order: its tenants, its CPUs, its trace. A run in slices ends with ERR_DISPOSED. Idempotent; what
   * there is to be read of the machine can still be read. Rejects as `adopt` says, at its end.
   */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#lifetime.dispose(
      () => this.halt(),
      () => this.trace.flush(),
    );
  }

  #run(options: RunOptions): RunResult {
    return RUN.traceSync(this.#advance, { machine: this }, this, options);
  }

  #advance(options: RunOptions): RunResult {
    this.#lifetime.checkAlive();
    this.#lifetime.checkUnfailed();
    // Not until nothing is pending: a tick armed for tasks that are gone is not worth waiting for.
    const { kernel } = this;
    const { smp } = kernel;
    const ended = (): boolean => smp.stopHow !== STOP_NOT && stopEnded(kernel);
    const stop = (): boolean => kernel.live === 0 || ended() || options.stop?.() === true;
    const { untilNs = FOREVER } = options;
    if (untilNs !== FOREVER) checkTime("run({ untilNs })", untilNs);
    try {
      if (!ended()) this.#lifetime.drive(Math.ceil(untilNs), stop);
      this.trace.flush();
    } finally {
      // Whatever else came of it, and even if a program swallowed it: the first broken invariant is what to know.
      this.checker?.findings.throwFirst();
    }
    this.host.time.check();
    if (smp.stopHow === STOP_EMERGENCY)
      throw new MachineError("ERR_PANIC", `panic: ${kernel.record.stopReason}`);
    if (smp.stopHow === STOP_NOT && this.host.pending === 0 && kernel.live > 0) {
      this.checker?.atRest();
      throw new MachineError("ERR_DEADLOCK", deadlockMessage(this.waiters()));
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
    if (!stopEnded(kernel)) this.#lifetime.drive(kernel.record.stopDeadlineNs, () => stopEnded(kernel));
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
