/**
 * A machine under the explore host: made once, begun again for each execution.
 *
 *     const machine = new ExploredMachine({ vcpus: 2 });
 *     machine.begin();
 *     machine.spawn(function* (env) { yield* env.memory.store32(word, 1); });
 *     while (!machine.ended) machine.step(choose(machine.enabled(actors)));
 *
 * Beginning again restores the buffer of the machine that has just booted (some 40 kB, which is cheaper than to know which
 * of it was written) and forgets what there is beside it: 1 us against 700 us for a new machine.
 *
 * Beside `machine.ts`, not in it: a `Machine` runs to an end in virtual time and can be paid for, accounted and disposed of.
 * What both have in common are the kernel, the profiles and the checks that they compose.
 */
import { type Addr, PAGE_SIZE } from "../atomics/address.ts";
import type { Protection } from "../atomics/page-table.ts";
import { AccessSlot, type SlotDesk } from "../hosts/explore/access-slot.ts";
import { AnnouncingMemory } from "../hosts/explore/announcing-memory.ts";
import { BorderUmcg } from "../hosts/explore/border-umcg.ts";
import { ExploreHost } from "../hosts/explore/explore-host.ts";
import { FifoClass } from "../hosts/explore/fifo-class.ts";
import { KernelObjects } from "../hosts/explore/kernel-objects.ts";
import { checkNondeterminism, type Nondeterminism } from "../hosts/explore/nondeterminism.ts";
import { leaveOut, observeKernel } from "../hosts/explore/observed-kernel.ts";
import { Touches } from "../hosts/explore/touches.ts";
import type { TaskOptions } from "../kernel-sim/clone.ts";
import { checkKernelConfig, type KernelConfig } from "../kernel-sim/config.ts";
import { deadlockMessage, type Waiter, waiters } from "../kernel-sim/deadlock.ts";
import { kernelConfigOf } from "../kernel-sim/default-config.ts";
import { MachineError } from "../kernel-sim/errors.ts";
import { resolveFault } from "../kernel-sim/faults.ts";
import { POLLING } from "../kernel-sim/idle-governor.ts";
import type { Tid } from "../kernel-sim/ids.ts";
import { Kernel } from "../kernel-sim/kernel.ts";
import { TraceRing } from "../trace/ring.ts";
import { type Program, UserSpace } from "../umcg/env.ts";
import { createChecker, type InvariantChecker } from "../umcg/invariants/index.ts";
import type { UninitialisedLocal } from "../umcg/posted-servers.ts";
import { checkProfile, createUmcg } from "../umcg/profiles.ts";
import type { UmcgProfile } from "../umcg/umcg.ts";

export interface ExploredConfig {
  /** vCPUs. Default 2. */
  readonly vcpus?: number;
  /** Tasks that can exist at once. Default 8. */
  readonly maxTasks?: number;
  /** Bytes of user memory, a multiple of 4096. Default 4096. */
  readonly userBytes?: number;
  /** Default 0, each. */
  readonly maxPipes?: number;
  readonly maxFiles?: number;
  readonly maxTimers?: number;
  readonly umcg?: UmcgProfile;
  readonly uninitialisedLocal?: UninitialisedLocal;
  /** Hold every execution to the invariants of UMCG. Default true. */
  readonly check?: boolean | "kernel";
  /** Keep a trace of the current execution. Default: with `check`. */
  readonly trace?: boolean;
  /** What may happen beside the steps of the CPUs. Default: nothing. */
  readonly nondeterminism?: Nondeterminism;
  /**
   * Tasks look at the same word again behind sched_yield in spin loops only: there they wait until the word is another
   * (hosts/explore/spin-waits.ts). Default false: each turn of such a loop is explored.
   */
  readonly spinsWait?: boolean;
  /** By CPU: the tasks that it goes on with, one after the other, where they wait. Default: first come, first served. */
  readonly picks?: readonly (readonly number[])[];
}

/** Accesses of an execution before memory would pause of itself: never. */
const UNBOUNDED = 2 ** 30;
const TRACE_EVENTS = 1024;

export class ExploredMachine {
  readonly kernel: Kernel;
  readonly host: ExploreHost;
  readonly userSpace: UserSpace;
  readonly trace: TraceRing;
  readonly checker: InvariantChecker | undefined;
  /** The kernel's state as objects, numbered behind the words of user memory; the accesses of the step under way. */
  readonly objects: KernelObjects;
  readonly touches: Touches = new Touches();
  /** Methods that write their whole table as they are observed. Undefined: nothing is observed. */
  coarse: readonly string[] | undefined;
  readonly #fair: FifoClass;
  readonly #checks: (() => void)[] = [];
  readonly #booted: Uint8Array;

  /** Throws ERR_CONFIG naming the first bad value. */
  constructor(config: ExploredConfig = {}) {
    const allowed = checkNondeterminism(config.nondeterminism ?? {}, config.spinsWait ?? false);
    const profile = checkProfile(config.umcg ?? "hardened", config.uninitialisedLocal ?? "zero");
    const kernelConfig = smallKernel(config);
    checkKernelConfig(kernelConfig);
    this.trace = new TraceRing(TRACE_EVENTS);
    const desk: SlotDesk = { slot: new AccessSlot() };
    this.checker = createChecker(config.check ?? true, profile);
    const { checker } = this;
    this.trace.on = config.trace ?? checker !== undefined;
    this.kernel = new Kernel({
      config: kernelConfig,
      trace: this.trace,
      nosleep: profile === "posted" ? "resolve-as-write" : "refuse",
      wrapMemory: (memory, side) =>
        new AnnouncingMemory(checker?.wrapMemory(memory, side) ?? memory, side, desk),
      fault: (kernel) => (a: Addr, write: boolean) => resolveFault(kernel, a, write),
    });
    const { kernel } = this;
    this.#fair = new FifoClass(kernelConfig.vcpus, kernelConfig.maxTasks, config.picks);
    kernel.fair = this.#fair;
    this.objects = new KernelObjects((kernel.userEnd - kernel.userBase) >>> 2);
    const observed = { objects: this.objects, touches: this.touches };
    this.host = new ExploreHost(kernel, this.#fair, desk, allowed, observed);
    kernel.host = this.host;
    const plain = createUmcg(kernel, profile, config.uninitialisedLocal);
    const checked = checker?.attach(kernel, plain) ?? plain;
    const umcg = allowed.interrupts ? new BorderUmcg(checked) : checked;
    kernel.hooks = umcg;
    this.userSpace = new UserSpace(kernel, umcg);
    this.host.boot();
    this.#booted = kernel.mark();
    this.begin();
  }

  /** From now on `touches` is told what steps touch, words of user memory left out. Once, and for good: it costs. */
  observe(): void {
    if (this.coarse !== undefined) return;
    this.coarse = observeKernel(this.kernel, this.objects, this.touches);
    if (this.checker !== undefined) leaveOut(this.checker, this.touches);
    this.touches.fit(this.objects.count);
  }

  /** The machine that has just booted, whatever it was before: no tasks, user memory zeroed and free. */
  begin(): void {
    const { kernel } = this;
    this.trace.forget();
    kernel.rewind(this.#booted);
    this.#fair.clear();
    this.host.reset();
    this.checker?.begin();
    this.#checks.length = 0;
    kernel.local.budget = UNBOUNDED;
    kernel.userLocal.budget = UNBOUNDED;
  }

  /** Creates a task, before the first step. Throws ERR_CONFIG, ERR_TASK_LIMIT. */
  spawn(program: Program, options: TaskOptions = {}): Tid {
    return this.userSpace.start(program, options);
  }
  /** Zeroed user memory. Throws ERR_USER_MEMORY. */
  allocate(bytes: number, align = 64): Addr {
    return this.kernel.allocate(bytes, align);
  }
  protect(a: Addr, length: number, protection: Protection): void {
    this.kernel.pages.protect(a, length, protection);
  }
  swapOut(a: Addr, length: number): void {
    this.kernel.pages.swapOut(a, length);
  }

  /** `check` is called when every task has exited, and throws if something is wrong with what they have done. */
  atEnd(check: () => void): void {
    this.#checks.push(check);
  }
  /** The 32-bit word at `a`, as it is: for checks at the end, and for nobody who runs. */
  peek32(a: Addr): number {
    return new Uint32Array(this.kernel.buffer)[a >>> 2]!;
  }

  /** Every task has exited. */
  get ended(): boolean {
    return this.kernel.live === 0;
  }

  /** The actors that can take a step, in order, into `into`. Returns how many; 0 before the end is a deadlock. */
  enabled(into: Int32Array): number {
    return this.host.enabled(into);
  }

  /** `actor`, which is enabled, takes its step. Throws what a program threw, and what a check has found. */
  step(actor: number): void {
    this.host.step(actor);
    if (this.trace.on) this.trace.flush();
    this.checker?.findings.throwFirst();
  }

  /** Tasks that have not exited, with what each waits for. */
  waiters(): Waiter[] {
    return waiters(this.kernel);
  }

  /** What there is to say when no actor is enabled and tasks remain. Throws it: a broken invariant, or ERR_DEADLOCK. */
  failStuck(): never {
    this.checker?.atRest();
    const list = this.waiters();
    throw new MachineError("ERR_DEADLOCK", deadlockMessage(list));
  }

  /** Nobody steps any more: the program's checks, and, if every task has exited, what nobody has given back. Throws what they throw, ERR_LEAK. */
  checkEnd(): void {
    for (const check of this.#checks) check();
    if (!this.ended) return;
    const { pages, userBase, userEnd } = this.kernel;
    for (let page: number = userBase; page < userEnd; page += PAGE_SIZE)
      if (pages.isPinned(page as Addr))
        throw new MachineError(
          "ERR_LEAK",
          `every task has exited, and page 0x${page.toString(16)} is pinned`,
        );
  }
}

function smallKernel(config: ExploredConfig): KernelConfig {
  const small = {
    vcpus: config.vcpus ?? 2,
    maxTasks: config.maxTasks ?? 8,
    userBytes: config.userBytes ?? 4096,
    maxPipes: config.maxPipes ?? 0,
    maxFiles: config.maxFiles ?? 0,
    maxTimers: config.maxTimers ?? 0,
    maxWatches: 0,
    majorFaultNs: 1,
    tickHz: 0,
    timerSlackNs: 0,
  };
  return kernelConfigOf(small, POLLING);
}
