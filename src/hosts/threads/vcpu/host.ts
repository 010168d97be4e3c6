/**
 * The threads host of one isolate: real time, real interrupts as far as there are any, and the kernel's lock.
 *
 * Time. Charges are free: what takes time takes it. `now` is the clock of the machine, read when the kernel was entered and at
 * each sync since, so that it stands still within a primitive and never goes back from one holder of a lock to the next; in user
 * mode it is read anew. What `chargeNs` asks for is waited for at the next sync, without the lock.
 *
 * Interrupts. Nothing interrupts a thread. What a CPU has to do is in its attention word and its times (words.ts), and it looks:
 * in the idle loop, at a sync, before each operation on user memory, in `work`, before it goes on with a task. A program that
 * computes without any of these is not interrupted.
 *
 * The border. The charges of a system call's entry and exit take the lock and let go of it: shared for the calls that touch
 * nothing that is without a lock of its own, alone for all others (kernel-lock.ts).
 */
import type { Addr } from "../../../atomics/address.ts";
import { Completed, type Coroutine, type Step } from "../../../atomics/step.ts";
import { NR_INTERRUPT } from "../../../kernel-sim/constants.ts";
import type { Host, Sequel } from "../../../kernel-sim/host.ts";
import type { CpuId, Tid } from "../../../kernel-sim/ids.ts";
import type { Kernel } from "../../../kernel-sim/kernel.ts";
import { followClasses } from "../../../kernel-sim/rt-balance.ts";
import { exitToUserMode, hasExitWork } from "../../../kernel-sim/signals.ts";
import { type CostStep, STEP_SYSCALL_ENTRY, STEP_SYSCALL_EXIT } from "../../../kernel-sim/steps.ts";
import { bucketOf } from "../../../kernel-sim/syscalls/futex.ts";
import { checkTime } from "../../../kernel-sim/times.ts";
import { TRACE_SYS_EXIT } from "../../../trace/events.ts";
import { monotonicNs } from "../clock.ts";
import type { HostTasks } from "./host-tasks.ts";
import { Interrupts } from "./interrupts.ts";
import { KernelLock, MachineGone } from "./kernel-lock.ts";
import { LOCK_BUCKET } from "./lock-order.ts";
import type { LookAround } from "./memory.ts";
import { hasOwnQueues, isSharing } from "./sharing.ts";
import { TaskBodies } from "./task-bodies.ts";
import { ThreadCpus } from "./thread-cpus.ts";
import {
  ATT_DEVICE,
  ATT_IPI,
  ATT_POKE,
  ATT_TIMER,
  PHASE_FAILED,
  PHASE_READY,
  type VcpuWords,
} from "./words.ts";

/** Operations on user memory between two looks at the clock. */
const OPS_A_LOOK = 256;
/** A wait of less is spun through. */
const SPIN_NS = 50_000;
const NEVER = Number.POSITIVE_INFINITY;

export class VcpuHost implements Host, LookAround {
  readonly lock: KernelLock;
  readonly shared: VcpuWords;
  readonly threads: ThreadCpus;
  readonly bodies: TaskBodies;
  readonly interrupts: Interrupts;
  /** None on main. */
  hostTasks: HostTasks | undefined;
  readonly #tickNs: number;
  readonly #done: Completed<void> = new Completed(undefined);
  #kernel: Kernel | undefined;
  /** Is there anything that need not be done alone? */
  #shares = false;
  /** What `chargeNs` has asked for. */
  #owedNs = 0;
  /** In user mode: when the next of the CPU's times comes; operations until the next look at the clock. */
  #deadline: number = NEVER;
  #opsLeft: number = OPS_A_LOOK;

  /** `cpu`: as which CPU this isolate executes; main does so as CPU 0, and takes no interrupts. */
  readonly cpu: CpuId;
  readonly outside: boolean;

  constructor(shared: VcpuWords, cpu: CpuId, tickHz: number, outside = false) {
    this.shared = shared;
    this.cpu = cpu;
    this.outside = outside;
    this.lock = new KernelLock(shared, outside ? shared.vcpus : cpu);
    this.#tickNs = tickHz === 0 ? 0 : Math.floor(1e9 / tickHz);
    this.threads = new ThreadCpus(this);
    this.bodies = new TaskBodies(this);
    this.interrupts = new Interrupts(this);
  }

  get kernel(): Kernel {
    return this.#kernel!;
  }
  /** `shares`: the code of the machine's UMCG profile may be executed by several CPUs at once. */
  attach(kernel: Kernel, shares = false): void {
    this.#kernel = kernel;
    this.#shares = shares && hasOwnQueues(kernel);
    kernel.host = this;
    kernel.manyIsolates = true;
    kernel.cpu = this.cpu;
  }
  // ---- time ---------------------------------------------------------------------------------------------------------

  get now(): number {
    return this.lock.held ? this.lock.stampNs : this.#clock();
  }
  #clock(): number {
    const { frozenNs, zeroNs } = this.shared;
    return frozenNs >= 0 ? frozenNs : monotonicNs() - zeroNs;
  }

  charge(step: CostStep, nr = -1): void {
    if (step === STEP_SYSCALL_ENTRY) this.#enterCall(nr);
    else if (step === STEP_SYSCALL_EXIT) this.leaveKernel();
  }
  chargeNs(ns: number): void {
    this.#owedNs += ns;
  }
  chargeTimes(): void {}

  sync(): Step<void> {
    if (this.#owedNs > 0) this.#pay();
    this.lock.breathe();
    this.lock.stampNs = this.#clock();
    if (!this.outside && this.#due()) this.interrupts.serve();
    return this.#done;
  }
  breathe(): void {
    if (this.lock.breathe()) this.lock.stampNs = this.#clock();
  }
  changes(a: Addr): void {
    // With the bucket of the word, so that what is said of it has the order of its changes. They need no lock themselves.
    if (this.kernel.trace.on) this.lock.take(LOCK_BUCKET, bucketOf(a));
  }

  #pay(): void {
    const ns = this.#owedNs;
    this.#owedNs = 0;
    const { isAlone } = this.lock;
    this.lock.release();
    const until = monotonicNs() + ns;
    if (ns > SPIN_NS) Atomics.wait(this.shared.words, this.shared.attentionWord(this.cpu), 0, ns / 1e6);
    while (monotonicNs() < until && this.shared.attention(this.cpu) === 0);
    if (isAlone) this.acquire();
    else this.share();
  }

  // ---- the border ---------------------------------------------------------------------------------------------------

  enterKernel(): void {
    if (!this.lock.held) this.acquire();
  }
  #enterCall(nr: number): void {
    if (this.lock.held) return;
    if (isSharing(this.kernel, nr)) this.share();
    else this.acquire();
  }
  leaveKernel(): void {
    if (!this.lock.held) return;
    this.#deadline = this.nextTimeNs();
    this.lock.release();
  }
  /** Into the kernel, alone; time goes on. */
  acquire(): void {
    this.lock.acquire();
    this.#begin();
  }
  /** Into the kernel with others, if this machine can. */
  share(): void {
    if (!this.#shares || this.kernel.order !== undefined) {
      this.acquire();
      return;
    }
    this.lock.share();
    this.#begin();
    // The first real-time task has come: they are moved from queue to queue.
    if (this.kernel.order !== undefined) this.alone();
  }
  #begin(): void {
    this.lock.stampNs = this.#clock();
    followClasses(this.kernel);
  }
  alone(): boolean {
    if (this.lock.isAlone) return false;
    this.lock.release();
    this.acquire();
    return true;
  }
  /** Between two tasks: what one of them had to be alone for is over. */
  shareAgain(): void {
    if (this.lock.isAlone && this.#shares && this.kernel.order === undefined) this.lock.downgrade();
  }

  /** In user mode: when the next of the CPU's times comes. */
  get deadlineNs(): number {
    return this.#deadline;
  }
  /** When the first of the CPU's times comes. Who changes one from elsewhere rings behind it, and the CPU looks again. */
  nextTimeNs(): number {
    const { shared, cpu } = this;
    return Math.min(this.kernel.timers.clockNs(cpu), shared.tickAt(cpu), shared.sliceAt(cpu));
  }
  #due(): boolean {
    return this.shared.attention(this.cpu) !== 0 || this.nextTimeNs() <= this.lock.stampNs;
  }

  wanted(): boolean {
    if (this.shared.attention(this.cpu) !== 0) return true;
    if (--this.#opsLeft > 0) return false;
    this.#opsLeft = OPS_A_LOOK;
    return this.#deadline <= this.#clock();
  }

  *border(): Coroutine<void> {
    const kernel = this.kernel;
    const tid = kernel.current;
    if (!this.lock.held) this.share();
    this.interrupts.serve();
    if (hasExitWork(kernel, tid)) {
      yield* exitToUserMode(kernel, tid);
      if (kernel.trace.on) kernel.emit(TRACE_SYS_EXIT, tid, NR_INTERRUPT, 0);
    }
    this.leaveKernel();
  }

  *work(ns: number): Coroutine<void> {
    checkTime(`${this.kernel.names.of(this.kernel.current)} (tid ${this.kernel.current}): work(ns)`, ns);
    for (let left = Math.ceil(ns); ; ) {
      if (this.shared.attention(this.cpu) !== 0 || this.#deadline <= this.#clock()) yield* this.border();
      if (left <= 0) return;
      const began = this.#clock();
      const end = Math.min(began + left, this.#deadline);
      let at = began;
      while (at < end && this.shared.attention(this.cpu) === 0) at = this.#clock();
      left -= at - began;
    }
  }

  // ---- tasks --------------------------------------------------------------------------------------------------------

  start(tid: Tid, body: Coroutine<unknown>, sequel?: Sequel): void {
    this.bodies.start(tid, body, sequel);
  }
  discard(tid: Tid): void {
    this.bodies.discard(tid);
  }

  // ---- times of CPUs, and sending to them ---------------------------------------------------------------------------

  /** A CPU that is somewhere else has to look when its times have changed. */
  #changed(cpu: CpuId): void {
    if (cpu !== this.cpu || this.outside) this.shared.ring(cpu, ATT_TIMER);
  }
  armClockEvent(cpu: CpuId): void {
    this.#changed(cpu);
  }
  cancelClockEvent(): void {}
  armTick(cpu: CpuId): void {
    if (this.#tickNs === 0 || this.shared.tickAt(cpu) < NEVER) return;
    this.shared.setTickAt(cpu, this.now + this.#tickNs);
    this.#changed(cpu);
  }
  armSliceEnd(cpu: CpuId, atNs: number): void {
    this.shared.setSliceAt(cpu, atNs);
    this.#changed(cpu);
  }
  cancelSliceEnd(cpu: CpuId): void {
    this.shared.setSliceAt(cpu, NEVER);
  }
  armPollEnd(): void {}
  cancelPollEnd(): void {}
  idleExitNs(): number {
    return 0;
  }

  raiseIpi(cpu: CpuId): "raised" | "pending" {
    return (this.shared.ring(cpu, ATT_IPI) & ATT_IPI) === 0 ? "raised" : "pending";
  }
  raiseDevice(cpu: CpuId): boolean {
    return (this.shared.ring(cpu, ATT_DEVICE) & ATT_DEVICE) === 0;
  }
  pokePolling(cpu: CpuId): void {
    this.shared.ring(cpu, ATT_POKE);
  }
  redeliver(pendClass: number): void {
    this.interrupts.redeliver(pendClass);
  }

  // ---- the machine's life -------------------------------------------------------------------------------------------

  /** Set-up code starts tasks for any CPU; a task starts them on its own, where their code is. */
  get settingUp(): boolean {
    return this.shared.phase <= PHASE_READY;
  }

  /** Throws MachineGone when the machine has failed elsewhere. */
  checkWhole(): void {
    if (this.shared.phase === PHASE_FAILED) throw new MachineGone("the machine has failed");
  }
}
