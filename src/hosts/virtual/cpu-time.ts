/**
 * Where the time of each CPU went, in two books that must agree.
 *
 * The *time line* of a CPU is cut at each of its RESUME events: what lay between two cuts was computation of user mode,
 * kernel code, interrupts, sleep in an idle state, or the way out of it. Nothing is left over, because each stretch begins
 * where the one before ended; a stretch that nobody accounts for is a bug and is found at once (`resumed`).
 *
 * The *ledger* (step-ledger.ts) has the charges by step and by who paid: code of a task, an interrupt, the idle loop. What
 * the time line says was kernel code, interrupts and idle exits must be what the ledger's charges add up to (`check`).
 *
 * Rejected: to add up at each charge on the CPU's own account (a second index in the hottest function of the simulator).
 */
import { assert } from "../../kernel-sim/errors.ts";
import { IDLE_EXIT, PAID_BY_IDLE, PAID_BY_TASK, SPIN, type StepLedger } from "./step-ledger.ts";

/** What a CPU does while it is suspended: what was begun takes no time, user-mode work, sleep in idle, or spinning for another CPU. */
export const OPEN_NOTHING = 0;
export const OPEN_WORK = 1;
export const OPEN_IDLE = 2;
export const OPEN_SPIN = 3;

/** ns of one CPU since boot. They add up to `wallNs`. */
export interface CpuTimes {
  /** Computation of tasks in user mode. */
  readonly userNs: number;
  /** System calls, switches, the kernel's code on behalf of tasks. */
  readonly systemNs: number;
  readonly interruptNs: number;
  /** Asleep in an idle state, or polling. */
  readonly idleNs: number;
  /** On the way out of idle: hardware latency and the idle loop's software. */
  readonly idleExitNs: number;
  readonly wallNs: number;
}

export class CpuTime {
  /** User-mode time of the stretch that executes now. */
  worked = 0;

  declare readonly ledger: StepLedger;
  /** Up to where each CPU's time line is accounted for. */
  declare private readonly clock: Float64Array;
  /** OPEN_ stretch behind it. */
  declare private readonly open: Uint8Array;
  /** Of the stretch that is open: taken by interrupts, and by the way out of idle. */
  declare private readonly stolen: Float64Array;
  declare private readonly leaving: Float64Array;
  /** Up to when the interrupts that came to each CPU keep it. */
  declare private readonly interruptedUntil: Float64Array;
  declare private readonly user: Float64Array;
  declare private readonly system: Float64Array;
  declare private readonly interrupt: Float64Array;
  declare private readonly idle: Float64Array;
  declare private readonly idleExit: Float64Array;

  constructor(vcpus: number, ledger: StepLedger) {
    this.ledger = ledger;
    this.clock = new Float64Array(vcpus);
    this.open = new Uint8Array(vcpus);
    this.stolen = new Float64Array(vcpus);
    this.leaving = new Float64Array(vcpus);
    this.interruptedUntil = new Float64Array(vcpus);
    this.user = new Float64Array(vcpus);
    this.system = new Float64Array(vcpus);
    this.interrupt = new Float64Array(vcpus);
    this.idle = new Float64Array(vcpus);
    this.idleExit = new Float64Array(vcpus);
  }

  // ---- the time line ------------------------------------------------------------------------------------------------

  /** `cpu` is up from `now` on. */
  begin(cpu: number, now: number): void {
    this.clock[cpu] = now;
  }

  /** Up to where the time of `cpu` is accounted for: when it went to sleep, which may be ahead of the others' clock. */
  clockOf(cpu: number): number {
    return this.clock[cpu]!;
  }

  /** The RESUME of `cpu` is due at `now`. */
  resumed(cpu: number, now: number): void {
    const gap = now - this.clock[cpu]! - this.stolen[cpu]!;
    const open = this.open[cpu]!;
    if (this.stolen[cpu] !== 0) this.#closeInterrupts(cpu);
    if (open === OPEN_WORK) this.user[cpu]! += gap;
    else if (open === OPEN_IDLE) this.#closeIdle(cpu, gap);
    else if (open === OPEN_SPIN) this.#closeSpin(cpu, gap);
    else if (gap !== 0) assert(false, `${gap} ns of CPU ${cpu} before ${now} are not accounted for`);
    this.clock[cpu] = now;
    this.worked = 0;
  }

  #closeInterrupts(cpu: number): void {
    this.interrupt[cpu]! += this.stolen[cpu]!;
    this.stolen[cpu] = 0;
  }

  #closeSpin(cpu: number, gap: number): void {
    this.system[cpu]! += gap;
    this.ledger.enter(PAID_BY_TASK, SPIN, gap);
  }

  #closeIdle(cpu: number, gap: number): void {
    const leaving = this.leaving[cpu]!;
    if (gap < leaving) assert(false, `CPU ${cpu} left idle in ${gap} ns, which takes ${leaving}`);
    this.idle[cpu]! += gap - leaving;
    this.idleExit[cpu]! += leaving;
    this.leaving[cpu] = 0;
  }

  /** `cpu` stops executing at `now`; `open`: what it does until its RESUME. */
  suspended(cpu: number, now: number, open: number): void {
    this.user[cpu]! += this.worked;
    this.system[cpu]! += now - this.clock[cpu]! - this.worked;
    this.clock[cpu] = now;
    this.open[cpu] = open;
  }

  /** An interrupt at `now` took `ns` of the stretch that is open on `cpu`. */
  steal(cpu: number, now: number, ns: number): void {
    this.stolen[cpu]! += ns;
    this.interruptedUntil[cpu] = Math.max(this.interruptedUntil[cpu]!, now) + ns;
  }

  /** When `cpu`, in a stretch of work and asked at `now` to do something else, can: not in an interrupt, nor before it began. */
  freeAt(cpu: number, now: number): number {
    return Math.max(now, this.interruptedUntil[cpu]!, this.clock[cpu]! + this.stolen[cpu]!);
  }

  /** The stretch of work that is open on `cpu` is cut short at `at`. Returns how much was done. */
  cutWork(cpu: number, at: number): number {
    const ns = at - this.clock[cpu]! - this.stolen[cpu]!;
    this.user[cpu]! += ns;
    this.clock[cpu]! += ns;
    this.open[cpu] = OPEN_NOTHING;
    return ns;
  }

  /** `cpu`, asleep, is on its way out: `ns` of hardware latency and software. */
  leaveIdle(cpu: number, latencyNs: number, loopNs: number): void {
    this.leaving[cpu]! += latencyNs + loopNs;
    this.ledger.enter(PAID_BY_IDLE, IDLE_EXIT, latencyNs);
  }

  // ---- reports ------------------------------------------------------------------------------------------------------

  /** What CPU `cpu` did up to `now`, or as far as it has already gone. */
  times(cpu: number, now: number): CpuTimes {
    const open = Math.max(0, now - this.clock[cpu]! - this.stolen[cpu]! - this.leaving[cpu]!);
    const userNs = this.user[cpu]! + (this.open[cpu] === OPEN_WORK ? open : 0);
    const systemNs = this.system[cpu]!;
    const interruptNs = this.interrupt[cpu]! + this.stolen[cpu]!;
    const idleNs = this.idle[cpu]! + (this.open[cpu] === OPEN_IDLE ? open : 0);
    const idleExitNs = this.idleExit[cpu]! + this.leaving[cpu]!;
    const wallNs = userNs + systemNs + interruptNs + idleNs + idleExitNs;
    return { userNs, systemNs, interruptNs, idleNs, idleExitNs, wallNs };
  }

  /** Conservation: the two books, if both are kept, agree. Throws when they do not. */
  check(): void {
    if (!this.ledger.on) return;
    let line = 0;
    for (let cpu = 0; cpu < this.clock.length; cpu++) {
      line += this.system[cpu]! + this.interrupt[cpu]! + this.stolen[cpu]!;
      line += this.idleExit[cpu]! + this.leaving[cpu]!;
    }
    const ledger = this.ledger.totalNs();
    assert(line === ledger, `the time lines hold ${line} ns of kernel code, the ledger ${ledger}`);
  }
}
