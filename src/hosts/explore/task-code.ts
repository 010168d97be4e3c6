/**
 * What the tasks of the explore host execute, and what each is about to do.
 *
 * A task has a stack of coroutines: its program, and on top of it what an interrupt has made it do first on its way back to
 * user mode (signals, a reschedule, the profile's look at its word). The top one runs. What it has yielded is its request:
 * the CPU that runs the task grants it at its next step. A request outlives preemption: a task that comes back to a CPU is
 * about to do what it was about to do.
 */
import { type Coroutine, RESUME, YIELD_PAUSE, type Yielded } from "../../atomics/step.ts";
import { messageOf, textOf } from "../../diagnostics/text-of.ts";
import { MachineError } from "../../kernel-sim/errors.ts";
import { type Sequel, YIELD_EXIT, YIELD_SCHEDULE, YIELD_WORK } from "../../kernel-sim/host.ts";
import type { Kernel } from "../../kernel-sim/kernel.ts";
import { exitToUserMode, hasExitWork } from "../../kernel-sim/signals.ts";
import { AccessSlot, type SlotDesk } from "./access-slot.ts";
import type { Observed } from "./observed.ts";
import { SpinWaits } from "./spin-waits.ts";
import type { Touches } from "./touches.ts";

/** It has been picked, or is new: it goes on with whatever comes. */
export const WILL_GO_ON = 0;
/** It makes the access in its slot. */
export const WILL_ACCESS = 1;
/** The kernel does what it has let the others run for (Host.sync). */
export const WILL_SYNC = 2;
/** It calls __schedule(). */
export const WILL_SCHEDULE = 3;
/** It computes, or is at the border of a system call: in user mode, and touches nothing. */
export const WILL_COMPUTE = 4;
/** It is dead and leaves its CPU. */
export const WILL_LEAVE = 5;
/** Its program has returned: it exits. */
export const WILL_EXIT = 6;

export const REQUEST_NAMES = [
  "goes on",
  "access",
  "kernel",
  "schedule",
  "computes",
  "leaves",
  "exits",
] as const;

/** Signal handlers that are interrupted in turn. */
const MAX_NESTED = 16;

export class TaskCode {
  readonly spins: SpinWaits;
  readonly #kernel: Kernel;
  readonly #desk: SlotDesk;
  /** By task: its program; what is stacked on it; what follows its end. */
  readonly #bodies: (Coroutine<unknown> | undefined)[] = [];
  readonly #above: Coroutine<void>[][];
  readonly #sequels: (Sequel | undefined)[] = [];
  /** By task: the slot of the top coroutine, and those of the ones beneath. */
  readonly #slots: AccessSlot[];
  readonly #beneath: AccessSlot[][];
  readonly #requests: Uint8Array;
  readonly #beneathRequests: number[][];
  readonly #fresh: Uint8Array;
  readonly #exitCodes: Int32Array;
  readonly #touches: Touches;
  /** First object of where tasks are in their code. */
  readonly #place: number;

  /** `spinsWait`: ExploredConfig. */
  constructor(kernel: Kernel, desk: SlotDesk, spinsWait: boolean, { objects, touches }: Observed) {
    const rows = kernel.config.maxTasks + 1;
    this.spins = new SpinWaits(kernel.buffer, rows, spinsWait);
    this.#touches = touches;
    this.#place = objects.of("host.code", rows);
    this.#kernel = kernel;
    this.#desk = desk;
    this.#slots = Array.from({ length: rows }, () => new AccessSlot());
    this.#above = Array.from({ length: rows }, () => []);
    this.#beneath = Array.from({ length: rows }, () => []);
    this.#beneathRequests = Array.from({ length: rows }, () => []);
    this.#requests = new Uint8Array(rows);
    this.#fresh = new Uint8Array(rows);
    this.#exitCodes = new Int32Array(rows);
  }

  /** What the task's own code is, beneath what interrupts have put on it. */
  bodyOf(tid: number): Coroutine<unknown> | undefined {
    return this.#bodies[tid];
  }

  start(tid: number, body: Coroutine<unknown>, sequel: Sequel | undefined): void {
    this.discard(tid);
    this.#bodies[tid] = body;
    this.#sequels[tid] = sequel;
    this.#requests[tid] = WILL_GO_ON;
    this.#fresh[tid] = 1;
  }
  discard(tid: number): void {
    this.#touches.write(this.#place + tid);
    this.#bodies[tid] = undefined;
    this.#sequels[tid] = undefined;
    this.spins.forget(tid);
    while (this.#above[tid]!.length > 0) this.#pop(tid);
  }
  /** Forgets every task. */
  clear(): void {
    for (let tid = 1; tid < this.#above.length; tid++) this.discard(tid);
  }

  /** WILL_ of a task. */
  request(tid: number): number {
    return this.#requests[tid]!;
  }
  setRequest(tid: number, request: number): void {
    this.#touches.write(this.#place + tid);
    this.#requests[tid] = request;
  }
  /** The access that a task with WILL_ACCESS is about to make. */
  slot(tid: number): AccessSlot {
    return this.#slots[tid]!;
  }
  /** Is the task about to look at a word in a loop that waits for it? */
  waitsInLoop(tid: number): boolean {
    return this.#requests[tid] === WILL_ACCESS && this.spins.waits(tid, this.#slots[tid]!);
  }
  /** The same, and it would see nothing new. */
  spinsInVain(tid: number): boolean {
    if (!this.waitsInLoop(tid)) return false;
    const slot = this.#slots[tid]!;
    this.#touches.read(this.#place + tid);
    this.#touches.read((slot.addr - this.#kernel.userBase) >>> 2);
    return this.spins.inVain(tid, slot);
  }

  /** It has not run yet, and nothing waits to be done before it does. */
  isFresh(tid: number): boolean {
    return this.#fresh[tid] === 1 && this.#kernel.tasks.work(tid) === 0;
  }
  exitCode(tid: number): number {
    return this.#exitCodes[tid]!;
  }

  /** Is the task between two instructions of its program, so that an interrupt returns to user mode? */
  inUserMode(tid: number): boolean {
    this.#touches.read(this.#place + tid);
    const request = this.#requests[tid]!;
    return request === WILL_COMPUTE || (request === WILL_ACCESS && this.#slots[tid]!.user);
  }

  /** An interrupt of the task's CPU is over: if it was in user mode and there is something to do first, it does that. */
  returnFromInterrupt(tid: number): void {
    const kernel = this.#kernel;
    if (!hasExitWork(kernel, tid) || !this.inUserMode(tid)) return;
    this.#touches.write(this.#place + tid);
    if (this.#above[tid]!.length === MAX_NESTED)
      throw new MachineError("ERR_RUN_LIMIT", `task ${tid} is ${MAX_NESTED} signal handlers deep`);
    this.spins.forget(tid);
    this.#above[tid]!.push(exitToUserMode(kernel, tid));
    this.#beneath[tid]!.push(this.#slots[tid]!);
    this.#beneathRequests[tid]!.push(this.#requests[tid]!);
    this.#slots[tid] = new AccessSlot();
    this.#requests[tid] = WILL_GO_ON;
  }

  /** Runs a task from what it was about to do to what it will be about to do next. */
  resume(tid: number): void {
    this.#touches.write(this.#place + tid);
    if (this.#fresh[tid] === 1) this.#begin(tid);
    const above = this.#above[tid]!;
    this.#desk.slot = this.#slots[tid]!;
    this.spins.resumes(tid, this.#requests[tid] === WILL_ACCESS ? this.#slots[tid] : undefined);
    if (above.length > 0) {
      const result = this.#next(tid, above[above.length - 1]!);
      if (result.done === true) this.#pop(tid);
      else this.#requests[tid] = this.#requestOf(tid, result.value);
      return;
    }
    const result = this.#next(tid, this.#bodies[tid]!);
    if (result.done !== true) this.#requests[tid] = this.#requestOf(tid, result.value);
    else if (!this.#follow(tid, result.value, false)) {
      this.#exitCodes[tid] = typeof result.value === "number" ? result.value | 0 : 0;
      this.#requests[tid] = WILL_EXIT;
    }
  }

  /** A new task begins with a return to user mode, so a signal that came before it has run is taken there. */
  #begin(tid: number): void {
    this.#fresh[tid] = 0;
    const kernel = this.#kernel;
    if (kernel.tasks.work(tid) === 0) return;
    const body = this.#bodies[tid]!;
    this.#bodies[tid] = (function* (): Coroutine<unknown> {
      yield* exitToUserMode(kernel, tid);
      return yield* body;
    })();
  }

  #pop(tid: number): void {
    this.#above[tid]!.pop();
    this.#slots[tid] = this.#beneath[tid]!.pop()!;
    this.#requests[tid] = this.#beneathRequests[tid]!.pop()!;
  }

  #next(tid: number, code: Coroutine<unknown>): IteratorResult<Yielded, unknown> {
    try {
      return code.next(RESUME);
    } catch (cause) {
      if (this.#follow(tid, cause, true)) return { done: false, value: YIELD_PAUSE };
      if (cause instanceof MachineError) throw cause;
      const what = messageOf(cause);
      const who = `${this.#kernel.names.of(tid)} (tid ${tid})`;
      throw new MachineError("ERR_PROGRAM_THREW", `${who} threw: ${what}`, { cause });
    }
  }

  #requestOf(tid: number, yielded: Yielded): number {
    if (typeof yielded === "object" && yielded === this.#slots[tid]) {
      this.spins.announces(tid, this.#slots[tid]!);
      return WILL_ACCESS;
    }
    switch (yielded) {
      case YIELD_PAUSE:
        return WILL_SYNC;
      case YIELD_SCHEDULE:
        return WILL_SCHEDULE;
      case YIELD_WORK:
        return WILL_COMPUTE;
      case YIELD_EXIT:
        return WILL_LEAVE;
      default:
        throw new MachineError(
          "ERR_FOREIGN_YIELD",
          `${this.#kernel.names.of(tid)} (tid ${tid}) yielded ${textOf(yielded)}: only steps may be yielded, with yield*`,
        );
    }
  }

  /** The body of `tid` has ended. Does something follow it? */
  #follow(tid: number, outcome: unknown, threw: boolean): boolean {
    const sequel = this.#sequels[tid];
    if (sequel === undefined) return false;
    this.#sequels[tid] = undefined;
    this.#bodies[tid] = sequel.after(outcome, threw);
    this.#requests[tid] = WILL_GO_ON;
    return true;
  }
}
