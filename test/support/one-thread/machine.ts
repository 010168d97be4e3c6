/**
 * The threads host for tests that were written for the virtual one: a machine of one vCPU whose Worker is the calling thread.
 *
 * Tests and their programs share JavaScript objects, so they have to live in one isolate, and their calls return when the machine
 * has run: there is the same kernel on the same host (`hosts/threads/vcpu`), in real time, and its loop is entered by `run`. What
 * such a machine cannot do is refused with the reason (NotHere), and the reasons are counted (scripts/conformance.ts). What it can do without
 * (cost profiles, more vCPUs than one) it does without, and that is counted, too.
 *
 * vitest.threads.config.ts puts this module in the place of src/machine.ts and src/index.ts for everything under test/.
 */
import type { Addr } from "../../../src/atomics/address.ts";
import type { Protection } from "../../../src/atomics/page-table.ts";
import { monotonicNs } from "../../../src/hosts/threads/clock.ts";
import { runToEnd } from "../../../src/hosts/threads/run-to-end.ts";
import { VcpuHost } from "../../../src/hosts/threads/vcpu/host.ts";
import { IdleSleep } from "../../../src/hosts/threads/vcpu/idle-sleep.ts";
import { MachineGone } from "../../../src/hosts/threads/vcpu/kernel-lock.ts";
import { lockedTables } from "../../../src/hosts/threads/vcpu/locked-tables.ts";
import { KernelSideMemory, UserSideMemory } from "../../../src/hosts/threads/vcpu/memory.ts";
import { Vcpu } from "../../../src/hosts/threads/vcpu/vcpu.ts";
import { PHASE_DEADLOCKED, PHASE_RUNNING, type VcpuWords } from "../../../src/hosts/threads/vcpu/words.ts";
import type { TaskOptions } from "../../../src/kernel-sim/clone.ts";
import { checkKernelConfig } from "../../../src/kernel-sim/config.ts";
import { waiters } from "../../../src/kernel-sim/deadlock.ts";
import { type KernelOptions, kernelConfigOf } from "../../../src/kernel-sim/default-config.ts";
import { resolveFault } from "../../../src/kernel-sim/faults.ts";
import { POLLING } from "../../../src/kernel-sim/idle-governor.ts";
import { cpuId, NO_TASK, type Tid } from "../../../src/kernel-sim/ids.ts";
import { Kernel } from "../../../src/kernel-sim/kernel.ts";
import { bringUp } from "../../../src/kernel-sim/smp/bring-up.ts";
import type { MachineConfig } from "../../../src/machine/config.ts";
import { makeMainKernel } from "../../../src/machine/threads/main-kernel.ts";
import { deadlock } from "../../../src/machine/threads/outcome.ts";
import { TraceRing } from "../../../src/trace/ring.ts";
import { type Program, UserSpace } from "../../../src/umcg/env.ts";
import { checkProfile, createUmcg } from "../../../src/umcg/profiles.ts";
import { NotHere } from "./not-here.ts";

/** Real ns that a run may take: it shares its thread with whoever would stop it. */
const LONGEST_RUN_NS = 3e9;
/** With fewer vCPUs than it has asked for, a test may wait for what never comes. */
const LONGEST_RUN_OF_FEWER_NS = 1e9;
const OPERATIONS_A_LOOK = 256;

class WatchedHost extends VcpuHost {
  #deadlineNs = Number.POSITIVE_INFINITY;
  #left: number = OPERATIONS_A_LOOK;

  begin(): void {
    this.#deadlineNs = monotonicNs() + (made.fewer ? LONGEST_RUN_OF_FEWER_NS : LONGEST_RUN_NS);
  }
  override sync(): ReturnType<VcpuHost["sync"]> {
    this.#watch();
    return super.sync();
  }
  override wanted(): boolean {
    this.#watch();
    return super.wanted();
  }
  #watch(): void {
    if (--this.#left > 0) return;
    this.#left = OPERATIONS_A_LOOK;
    this.checkTime();
  }
  checkTime(): void {
    if (monotonicNs() > this.#deadlineNs) throw new NotHere("takes seconds of real time");
  }
}

/** What a test has done with machines. */
export interface Made {
  /** Built; run. One that runs none says nothing about this host. */
  built: number;
  machines: number;
  /** Steppers, which choose the order of steps, on a simulated machine. */
  stepped: number;
  /** Has it asked for more vCPUs than it has got? */
  fewer: boolean;
  /** What it has asked for that is virtual, and that this host does without. */
  without: string | undefined;
}
export const made: Made = { built: 0, machines: 0, stepped: 0, fewer: false, without: undefined };

/** Sleeps, until there is nothing to wait for. */
class LastSleep extends IdleSleep {
  readonly #shared: VcpuWords;
  readonly #watched: WatchedHost;
  constructor(host: WatchedHost, shared: VcpuWords) {
    super(host, true);
    this.#watched = host;
    this.#shared = shared;
  }
  override sleep(): void {
    if (this.#shared.phase !== PHASE_RUNNING) throw new MachineGone();
    this.#watched.checkTime();
    super.sleep();
  }
}

export class Machine {
  readonly kernel: Kernel;
  readonly host: WatchedHost;
  readonly userSpace: UserSpace;
  readonly trace: TraceRing;
  readonly #shared: VcpuWords;
  readonly #vcpu: Vcpu;

  constructor(config: MachineConfig) {
    made.built++;
    checkKernelConfig({ ...kernelConfigOf(config, POLLING), vcpus: config.vcpus ?? 1 });
    const kernelConfig = kernelConfigOf({ ...config, vcpus: 1 }, POLLING);
    checkKernelConfig(kernelConfig);
    note(config);
    const profile = checkProfile(config.umcg ?? "hardened", "zero");
    this.trace = new TraceRing(config.traceEvents ?? 65_536);
    const { kernel: main, shared } = makeMainKernel({
      ...(config as KernelOptions),
      vcpus: 1,
      image: new URL(import.meta.url),
    });
    const buffer = main.buffer as SharedArrayBuffer;
    this.#shared = shared;
    this.host = new WatchedHost(this.#shared, cpuId(0), kernelConfig.tickHz);
    this.kernel = new Kernel({
      config: kernelConfig,
      trace: this.trace,
      nosleep: profile === "posted" ? "resolve-as-write" : "refuse",
      attach: buffer,
      tables: lockedTables(this.host.lock, kernelConfig),
      wrapMemory: (_, side) =>
        side === "kernel" ? new KernelSideMemory(buffer, this.host) : new UserSideMemory(buffer, this.host),
      fault: (of) => (a: Addr, write: boolean) => resolveFault(of, a, write),
    });
    this.host.attach(this.kernel, profile === "hardened");
    const umcg = createUmcg(this.kernel, profile);
    this.kernel.hooks = umcg;
    this.userSpace = new UserSpace(this.kernel, umcg);
    this.#vcpu = new Vcpu(this.host, new LastSleep(this.host, this.#shared));
    this.#boot();
    this.trace.on = config.trace ?? false;
  }

  #boot(): void {
    this.#shared.startBootCpu(monotonicNs());
    this.host.acquire();
    for (const ready of runToEnd(bringUp(this.kernel)).ready) this.#vcpu.begin(ready);
    this.#shared.frozenNs = 0;
    this.kernel.current = NO_TASK;
    // Kept for set-up code, which is all that runs here but for `run`.
  }

  spawn(program: Program, options: TaskOptions = {}): Tid {
    return this.userSpace.start(program, options);
  }
  allocate(bytes: number, align = 64): Addr {
    return this.kernel.allocate(bytes, align);
  }
  protect(a: Addr, length: number, protection: Protection): void {
    this.kernel.pages.protect(a, length, protection);
  }
  swapOut(a: Addr, length: number): void {
    this.kernel.pages.swapOut(a, length);
  }

  run(options: { readonly untilNs?: number; readonly stop?: unknown } = {}): object {
    if (options.untilNs !== undefined || options.stop !== undefined)
      throw new NotHere("stops a run in its middle");
    made.machines++;
    this.#shared.go(monotonicNs());
    this.host.begin();
    this.host.lock.release();
    try {
      if (this.kernel.live > 0) this.#vcpu.run();
    } finally {
      if (!this.host.lock.held) this.host.acquire();
    }
    this.trace.flush();
    if (this.#shared.phase === PHASE_DEADLOCKED) throw deadlock(waiters(this.kernel));
    this.#shared.frozenNs = this.host.now;
    return this.result();
  }

  result(): object {
    const { cpus } = this.kernel;
    return {
      virtualNs: this.host.now,
      switches: cpus.switches(0),
      ipis: cpus.ipisSent(0),
      ipisCoalesced: 0,
      events: 0,
    };
  }
  waiters(): object {
    return waiters(this.kernel);
  }

  get costs(): never {
    throw new NotHere("asks what steps cost");
  }
  get checker(): never {
    throw new NotHere("holds the machine to invariants in one isolate");
  }
  accounting(): never {
    throw new NotHere("asks for accounts of virtual time");
  }
  idleTimes(): never {
    throw new NotHere("asks for idle states");
  }
  halt(): never {
    throw new NotHere("stops the machine from outside between two steps");
  }
  panic(): never {
    throw new NotHere("stops the machine from outside between two steps");
  }
  runAsync(): never {
    throw new NotHere("runs in slices of virtual time");
  }
}

/** What the configuration asks for that is not here: the host does without, and the test shows whether it can. */
function note(config: MachineConfig): void {
  if (config.boot !== undefined) throw new NotHere("scripts the boot of other vCPUs");
  if ((config.vcpus ?? 1) > 1) made.fewer = true;
  if (config.profile !== undefined) made.without ??= "asks for a cost profile";
  if (config.jitter !== undefined || config.seed !== undefined)
    made.without ??= "asks for jitter from a seed";
  if (config.idle !== undefined) made.without ??= "asks for idle states";
}

export function createMachine(config: MachineConfig = {}): Machine {
  return new Machine(config);
}
