/**
 * Driving a machine one operation at a time from outside, and looking at it in between.
 *
 * A stepped task has no program of its own: it stays in user mode until it is told to make a system call, block, be
 * rescheduled or exit. `run()` lets the machine go on until every task sleeps, is in user mode or is dead. So a recorded
 * history of another implementation can be replayed here operation by operation, and what happened compared: modes,
 * registered records, worker flags, fatal signals, the wake-ups issued (those that found nobody asleep too) and the
 * words that changed.
 *
 * "In user mode" is TASK_STOPPED, a sleep that no wake-up of the kernel matches: to a waker the task looks as one that
 * runs in user mode does. Between two operations no time passes that anything could depend on.
 */
import { type Addr, addr } from "../atomics/address.ts";
import type { Protection } from "../atomics/page-table.ts";
import type { Coroutine } from "../atomics/step.ts";
import {
  PF_UMCG_WORKER,
  TASK_DEAD,
  TASK_NORMAL,
  TASK_STOPPED,
  WAIT_USER_STOP,
  waitReason,
} from "../kernel-sim/constants.ts";
import { MachineError } from "../kernel-sim/errors.ts";
import { cpuId, type Tid } from "../kernel-sim/ids.ts";
import type { Kernel } from "../kernel-sim/kernel.ts";
import { DESCHEDULE } from "../kernel-sim/schedule.ts";
import { isSignal, sendSignal, signalPending } from "../kernel-sim/signals.ts";
import { setDisposition } from "../kernel-sim/syscalls/task.ts";
import { setTaskState } from "../kernel-sim/task-state.ts";
import { tryToWakeUp } from "../kernel-sim/wakeup.ts";
import { createMachine, type Machine, type MachineConfig } from "../machine.ts";
import { TRACE_SCHED_WAKING, TRACE_WAKE_MISS } from "../trace/events.ts";
import type { Env } from "../umcg/env.ts";
import { type Command, perform } from "./command.ts";
import { Shadow, type WordChange } from "./shadow.ts";

/** A wake-up that was issued. `by` 0: by the driver, not by a task. */
export interface Wake {
  readonly by: number;
  readonly target: number;
  /** WF_ flags as passed. */
  readonly flags: number;
  /** Whether it found the target asleep. */
  readonly woke: boolean;
}

/** A task as it is seen from outside. */
export interface TaskView {
  readonly tid: number;
  readonly mode: "user" | "asleep" | "dead";
  /** Where it sleeps, in words; "" when it does not. */
  readonly sleepsIn: string;
  /** Address of the registered struct umcg_task; 0 = not registered. */
  readonly record: number;
  /** PF_UMCG_WORKER. */
  readonly worker: boolean;
  /** The signal that killed it, 0 = none. */
  readonly fatalSignal: number;
  /** Result of its last system call or block that has returned. */
  readonly result: number | undefined;
  /** Record and flag as they were when it began to exit; undefined unless it was registered then. */
  readonly atExit: { readonly record: number; readonly worker: boolean } | undefined;
}

/** The machine of a stepper. */
export type StepperConfig = Omit<MachineConfig, "trace" | "tickHz" | "jitter" | "seed">;

/** Events one `run()` may take before it is called a livelock. */
const MAX_EVENTS = 1_000_000;

/** A machine whose tasks do what they are told, one operation at a time. */
export class Stepper {
  readonly machine: Machine;
  readonly #kernel: Kernel;
  readonly #shadow: Shadow;
  readonly #commands: Map<number, Command> = new Map();
  readonly #results: Map<number, number> = new Map();
  readonly #atExit: Map<number, { record: number; worker: boolean }> = new Map();
  #wakes: Wake[] = [];

  constructor(config: StepperConfig = {}) {
    this.machine = createMachine({ vcpus: 4, ...config, tickHz: 0, trace: true });
    this.#kernel = this.machine.kernel;
    this.#shadow = new Shadow(this.#kernel);
    this.machine.trace.addSink({
      event: (_time, kind, _cpu, tid, flags, by) => {
        if (kind !== TRACE_SCHED_WAKING && kind !== TRACE_WAKE_MISS) return;
        this.#wakes.push({ by, target: tid, flags, woke: kind === TRACE_SCHED_WAKING });
      },
    });
    this.#watchExits();
  }

  /** Creates a task, in user mode. */
  task(name?: string): Tid {
    const tid = this.machine.spawn((env) => this.#obey(env), name === undefined ? {} : { name });
    this.run();
    return tid;
  }

  /** Zeroed user memory. */
  allocate(bytes: number, align = 64): Addr {
    return this.machine.allocate(bytes, align);
  }

  /** Changes what user space may do with the pages that overlap a range. */
  protect(a: Addr, length: number, protection: Protection): void {
    this.machine.protect(a, length, protection);
  }

  /** User space stores a word; no check, no fault, no time. Throws ERR_STEP outside user memory. */
  store32(a: Addr, value: number): void {
    const before = this.#shadow.load32(a);
    this.#shadow.store32(a, value);
    this.machine.checker?.stored(a, before, value >>> 0);
  }
  store64(a: Addr, value: bigint): void {
    const before = this.#shadow.load64(a);
    this.#shadow.store64(a, value);
    this.machine.checker?.stored(a, before, value);
  }
  load32(a: Addr): number {
    return this.#shadow.load32(a);
  }
  load64(a: Addr): bigint {
    return this.#shadow.load64(a);
  }

  /** Tells a task in user mode what to do next. It does so at the next `run()`. Throws ERR_STEP when it is elsewhere. */
  submit(tid: Tid, command: Command): void {
    if (this.inspect(tid).mode !== "user" || this.#commands.has(tid)) {
      throw new MachineError("ERR_STEP", `task ${tid} is not in user mode: it cannot ${command.do}`);
    }
    this.#commands.set(tid, command);
    this.#release(tid);
  }

  /** `submit`, then `run`. The result of the call, or undefined when the task has not returned to user mode. */
  step(tid: Tid, command: Command): number | undefined {
    this.#results.delete(tid);
    this.submit(tid, command);
    this.run();
    return this.#results.get(tid);
  }

  /** Ends a task's block: an ordinary wake-up (TASK_NORMAL, no flags) from nobody. Whether it found it asleep. */
  unblock(tid: Tid): boolean {
    return this.#interrupt(() => tryToWakeUp(this.#kernel, tid, TASK_NORMAL, 0));
  }

  /** Sends a signal. A task in user mode takes it at the next `run()`. Throws ERR_STEP for a bad signal. */
  signal(tid: Tid, signal: number): void {
    if (!isSignal(signal)) throw new MachineError("ERR_STEP", `no such signal: ${signal}`);
    this.#interrupt(() => sendSignal(this.#kernel, tid, signal));
    // Not any exit work: a CPU that is about to run somebody else has some, whatever became of the signal.
    const takesIt = this.inspect(tid).mode === "user" && signalPending(this.#kernel, tid);
    if (takesIt && !this.#commands.has(tid)) this.submit(tid, { do: "interrupt" });
  }

  /** What a task does with a signal: take its default action, ignore it, or run a handler that does nothing. */
  disposition(tid: Tid, signal: number, action: "default" | "ignore" | "handle"): void {
    setDisposition(
      this.#kernel,
      tid,
      signal,
      action === "handle" ? function* (): Coroutine<void> {} : action,
    );
  }

  /** Until every task sleeps, is in user mode or is dead. Throws ERR_RUN_LIMIT when that does not come. */
  run(): void {
    let events = 0;
    this.machine.host.run(undefined, () => ++events > MAX_EVENTS);
    this.machine.trace.flush();
    this.machine.checker?.findings.throwFirst();
    if (events > MAX_EVENTS)
      throw new MachineError("ERR_RUN_LIMIT", `not quiescent after ${MAX_EVENTS} events`);
    this.machine.checker?.atRest();
  }

  inspect(tid: Tid): TaskView {
    const { tasks } = this.#kernel;
    const dead = tasks.state(tid) === TASK_DEAD;
    const user = tasks.state(tid) === TASK_STOPPED;
    return {
      tid,
      mode: dead ? "dead" : user ? "user" : "asleep",
      sleepsIn: dead || user ? "" : waitReason(tasks.waitReason(tid)),
      record: tasks.umcgTask(tid),
      worker: (tasks.flags(tid) & PF_UMCG_WORKER) !== 0,
      fatalSignal: tasks.fatalSignal(tid),
      result: this.#results.get(tid),
      atExit: this.#atExit.get(tid),
    };
  }

  /** The wake-ups since the last call, in order. */
  takeWakes(): Wake[] {
    this.machine.trace.flush();
    const wakes = this.#wakes;
    this.#wakes = [];
    return wakes;
  }

  /** The 32-bit words of user memory that the kernel changed since the last call, by address. */
  takeChanges(): WordChange[] {
    return this.#shadow.takeChanges();
  }

  /** The life of a stepped task. */
  *#obey(env: Env): Coroutine<void> {
    const kernel = this.#kernel;
    for (;;) {
      kernel.tasks.setWaitReason(env.tid, WAIT_USER_STOP);
      setTaskState(kernel, env.tid, TASK_STOPPED);
      yield* DESCHEDULE;
      const command = this.#commands.get(env.tid);
      if (command === undefined) continue;
      this.#commands.delete(env.tid);
      const result = yield* perform(kernel, env, command);
      if (command.do !== "interrupt") this.#results.set(env.tid, result);
    }
  }

  /** Lets a task out of its stop. Not a wake-up of the simulated kernel, so it leaves no trace. */
  #release(tid: Tid): void {
    const { trace } = this.#kernel;
    trace.on = false;
    this.#interrupt(() => tryToWakeUp(this.#kernel, tid, TASK_STOPPED, 0));
    trace.on = true;
  }

  /** What the driver does, it does as a device interrupt on CPU 0. */
  #interrupt<T>(action: () => T): T {
    let result: T | undefined;
    this.machine.host.deliverInterrupt(cpuId(0), () => {
      this.#kernel.cpus.setWakeStart(0, this.#kernel.host.now);
      result = action();
    });
    return result as T;
  }

  #watchExits(): void {
    const { hooks } = this.#kernel;
    this.#kernel.hooks = {
      schedule: (tid) => hooks.schedule(tid),
      resume: (tid) => hooks.resume(tid),
      exec: (tid) => hooks.exec(tid),
      exit: (tid) => {
        const { record, worker } = this.inspect(tid);
        this.#atExit.set(tid, { record: addr(record), worker });
        return hooks.exit(tid);
      },
    };
  }
}

/** A machine to be driven one operation at a time; 4 vCPUs unless configured otherwise. Throws ERR_CONFIG. */
export function createStepper(config: StepperConfig = {}): Stepper {
  return new Stepper(config);
}
