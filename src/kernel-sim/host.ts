/**
 * What the kernel asks of whoever runs it, and what coroutines say to it: the one seam between kernel and hosts.
 *
 * Time. `now` is the clock of the CPU that is executing. `charge()` moves it ahead at once, on credit; `sync()` is the
 * step at which the credit is settled: if anything is due before `now`, the coroutine yields and everything due runs
 * first. Kernel code charges what it does and syncs before each effect that another CPU could observe. Between two
 * syncs a CPU runs ahead of the others: this is what makes simulation cheap (no event per operation) and it is exact
 * wherever order matters, because effects happen only after a sync. What a wake-up costs after its effect (an IPI) is
 * settled before the waker does anything else; a user program's own accesses may be early by a system call's exit.
 *
 * Requests. A coroutine yields one of the YIELD_ integers (or an `Access`, see atomics/step.ts) and is resumed when it
 * has been granted.
 */
import type { Coroutine, Step } from "../atomics/step.ts";
import type { CpuId, Tid } from "./ids.ts";
import type { CostStep } from "./steps.ts";

/** Deschedule me: run __schedule() on my CPU and resume me when I am picked again. */
export const YIELD_SCHEDULE = 1;
/** I have exited: never resume me. */
export const YIELD_EXIT = 2;
/** Let me wait until the word I named to `park` changes, or its deadline. My CPU does nothing else. */
export const YIELD_PARK = 4;
/** Stop my CPU for good: never resume me. */
export const YIELD_STOP = 5;
/** Let `workLeft` ns of user-mode computation pass; resume me when done or interrupted. */
export const YIELD_WORK = 3;

/** The threads of CPUs, as far as the kernel must know of them: to bring CPUs up, to wait for one another, to stop. */
export interface CpuThreads {
  /** How many times the usual deadlines CPUs are given to come up and to stop: 1, or more where threads share their cores. */
  readonly patience: number;
  /** The same of an emergency, whose deadline is short. */
  readonly panicPatience: number;
  /** Starts the thread of a CPU: `startSecondary(kernel, cpu)` runs on it. False: there is none to be had. */
  startCpu(cpu: CpuId): boolean;
  /** Creates the clock event of the executing CPU. False: there is none to be had. */
  createTimer(cpu: CpuId): boolean;
  /**
   * Holds the executing CPU while `smp.words[word]` is `old`, until `deadlineNs` at the latest. It may return early and for
   * no reason: whoever calls tests his condition again.
   */
  park(word: number, old: number, deadlineNs: number): Coroutine<void>;
  /** `smp.words[word]` has changed: whoever is parked on it looks again. */
  unpark(word: number): void;
  /** `cpu` is STOPPED: it executes nothing more, and no interrupt of its is worth delivering. */
  cpuStopped(cpu: CpuId): void;
}

/** What follows a task's body. An object, not a function: one that the task has in any case can be it. */
export interface Sequel {
  /** What the task goes on as when its body has returned `outcome`, or, with `threw`, has thrown it. */
  after(outcome: unknown, threw: boolean): Coroutine<unknown>;
}

/** What runs a kernel: clocks, prices, and whose turn it is. */
export interface Host {
  /** Clock of the executing CPU, ns since boot. */
  now: number;

  /** Puts `step` on the executing CPU's account. `nr`: of STEP_SYSCALL_ENTRY, the call. */
  charge(step: CostStep, nr?: number): void;
  chargeNs(ns: number): void;
  /** `times` as much as `step` costs, as one charge. */
  chargeTimes(step: CostStep, times: number): void;
  /** Settles what is owed: completes when nothing is due before `now`. */
  sync(): Step<void>;
  /** `ns` of user-mode computation, preemptible and interruptible. */
  work(ns: number): Step<void>;

  /**
   * The executing CPU enters the kernel, and leaves it for user mode, other than by a system call: those say so by what they
   * charge, STEP_SYSCALL_ENTRY and STEP_SYSCALL_EXIT. To enter again from within, or to leave from user mode, does nothing.
   * A host of real threads holds its locks in between, and hands them over where others could come between: at a sync, at an
   * access to user memory, in a sleep.
   */
  enterKernel(): void;
  leaveKernel(): void;
  /**
   * What follows may touch anything, though the system call does not as a rule: a host of real threads keeps the other CPUs out
   * of the kernel until this one leaves it. True: they may have come between here, so whoever has decided by what it saw before
   * looks again.
   */
  alone(): boolean;

  /**
   * Gives a task its code, a new one or in place of what it was: `body` is resumed when the task next runs. What follows its
   * end is the task's exit or, if there is one, what `sequel` makes of it.
   */
  start(tid: Tid, body: Coroutine<unknown>, sequel?: Sequel): void;
  /** Forgets a task's coroutine. */
  discard(tid: Tid): void;

  /** Programs the clock device of `cpu` to interrupt once, at `atNs`. Programming it again replaces. */
  armClockEvent(cpu: CpuId, atNs: number): void;
  cancelClockEvent(cpu: CpuId): void;

  /** Raises an IPI on `cpu`, to arrive after delivery time. "pending": one is on its way. "refused": not now. */
  raiseIpi(cpu: CpuId): "raised" | "pending" | "refused";
  /** The device interrupt of `cpu`, to arrive after delivery time. False: one is on its way. */
  raiseDevice(cpu: CpuId): boolean;
  /** An interrupt of a class (PEND_) that was held arrives on the executing CPU now, before it executes anything else. */
  redeliver(pendClass: number): void;
  /** A polling idle CPU notices a flag write after one cache-line transfer. */
  pokePolling(cpu: CpuId): void;
  /** Periodic tick on `cpu` until it is alone with its task again. No-op when armed or when ticks are off. */
  armTick(cpu: CpuId): void;

  readonly threads: CpuThreads;
  /** One event a CPU: its slice timer fires at `atNs`. Arming replaces. */
  armSliceEnd(cpu: CpuId, atNs: number): void;
  cancelSliceEnd(cpu: CpuId): void;

  /** Hardware exit latency, ns, of `idleState` after `idleNs` asleep. */
  idleExitNs(idleState: number, idleNs: number): number;
  /** A sleeping CPU comes back to its governor at `atNs`, unless it is woken before and this is cancelled. */
  armPollEnd(cpu: CpuId, atNs: number): void;
  cancelPollEnd(cpu: CpuId): void;
}
