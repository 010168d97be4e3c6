/**
 * What a program is given: its view of memory, the system calls, time to compute, and new tasks.
 *
 * A program is a generator function; everything it does to the world it does with `yield*`:
 *
 *     function* program(env: Env) {
 *       yield* env.memory.store32(word, 1);
 *       yield* env.sys.futexWake(word, 1);
 *       yield* env.work(2_000);
 *     }
 */
import type { Addr } from "../atomics/address.ts";
import { type Coroutine, type Step, YIELD_PAUSE } from "../atomics/step.ts";
import { UserMemory } from "../atomics/user-memory.ts";
import { prepareTask, startTask, type TaskOptions } from "../kernel-sim/clone.ts";
import { NR_CLONE, NR_EXECVE } from "../kernel-sim/constants.ts";
import { MachineError } from "../kernel-sim/errors.ts";
import { forgetProgram } from "../kernel-sim/exec.ts";
import { userFault } from "../kernel-sim/faults.ts";
import type { Sequel } from "../kernel-sim/host.ts";
import type { CpuId, Tid } from "../kernel-sim/ids.ts";
import type { Kernel } from "../kernel-sim/kernel.ts";
import { exitToUserMode, hasExitWork } from "../kernel-sim/signals.ts";
import { STEP_THREAD_CREATE } from "../kernel-sim/steps.ts";
import { sysEnter, sysExit } from "../kernel-sim/syscalls/entry.ts";
import { Syscalls } from "../kernel-sim/syscalls/syscalls.ts";
import type { Umcg } from "./umcg.ts";

/** Code of a task. A number it returns is its exit code. */
export type Program = (env: Env) => Coroutine<unknown>;

/** The one process all tasks belong to: its memory, its kernel, its UMCG profile. */
export class UserSpace {
  readonly kernel: Kernel;
  readonly memory: UserMemory;
  readonly sys: Syscalls;
  readonly umcg: Umcg;

  constructor(kernel: Kernel, umcg: Umcg) {
    this.kernel = kernel;
    this.umcg = umcg;
    this.sys = new Syscalls(kernel);
    const trap = (a: Addr, size: number, write: boolean): Coroutine<void> =>
      userFault(kernel, a, size, write);
    this.memory = new UserMemory(kernel.userMemory, kernel.pages, trap);
    // A loop over memory never enters the kernel: its pauses stand for the interrupts that would make it do so.
    kernel.userLocal.afterPause = function* (): Coroutine<void> {
      const tid = kernel.current;
      if (hasExitWork(kernel, tid)) yield* exitToUserMode(kernel, tid);
    };
  }

  /** Creates a runnable task. Set-up code calls this; programs use `env.spawn`. Throws ERR_CONFIG, ERR_PROGRAM, ERR_TASK_LIMIT. */
  start(program: Program, options: TaskOptions = {}): Tid {
    const tid = prepareTask(this.kernel, options);
    startTask(this.kernel, tid, codeOf(this.kernel, tid, program(new Env(this, tid))));
    return tid;
  }
}

/** What a program has made, if that can be run: without types nothing else says that it was `async`. Throws ERR_PROGRAM. */
function codeOf(kernel: Kernel, tid: Tid, made: Coroutine<unknown>): Coroutine<unknown> {
  if (typeof made?.[Symbol.iterator] === "function") return made;
  const what = Object.prototype.toString.call(made).slice("[object ".length, -1);
  const task = `${kernel.names.of(tid)} (tid ${tid})`;
  throw new MachineError(
    "ERR_PROGRAM",
    `${task}: its program made ${what}, and no generator: write it as function*, and wait with yield*`,
  );
}

/** What the program of a task is given: memory, system calls, time to compute. */
export class Env {
  // There may be a million of these, most of them of tasks that sleep: what all have in common is fetched.
  readonly tid: Tid;
  readonly #space: UserSpace;

  constructor(space: UserSpace, tid: Tid) {
    this.tid = tid;
    this.#space = space;
  }

  get memory(): UserMemory {
    return this.#space.memory;
  }
  get sys(): Syscalls {
    return this.#space.sys;
  }
  get umcg(): Umcg {
    return this.#space.umcg;
  }

  /** Computes for `ns` of CPU time. Preemptible. */
  work(ns: number): Step<void> {
    return this.#space.kernel.host.work(ns);
  }

  /** ns since boot, as clock_gettime(CLOCK_MONOTONIC) without its cost. */
  now(): number {
    return this.#space.kernel.host.now;
  }

  /** The CPU this task is on (getcpu without its cost). */
  cpu(): CpuId {
    return this.#space.kernel.cpu;
  }

  /** User memory, zeroed, for good. Throws ERR_USER_MEMORY. */
  allocate(bytes: number, align = 64): Addr {
    return this.#space.kernel.allocate(bytes, align);
  }

  /** Starts another task and returns its tid. */
  *spawn(program: Program, options: TaskOptions = {}): Coroutine<Tid> {
    const { kernel } = this.#space;
    const caller = sysEnter(kernel, NR_CLONE, 0);
    kernel.host.charge(STEP_THREAD_CREATE);
    yield* kernel.host.sync();
    const tid = this.#space.start(program, options);
    yield* kernel.host.sync();
    if (hasExitWork(kernel, caller)) yield* exitToUserMode(kernel, caller);
    sysExit(kernel, caller, NR_CLONE, tid);
    return tid;
  }

  /**
   * Goes on as `body`, of the same program, with nothing of what called this beneath it: a task that sleeps in it for long
   * keeps less. When it has ended the task goes on as what `sequel` makes of that. Does not return.
   */
  *become(body: Coroutine<unknown>, sequel: Sequel): Coroutine<never> {
    const { kernel } = this.#space;
    kernel.host.start(this.tid, codeOf(kernel, this.tid, body), sequel);
    yield YIELD_PAUSE;
    throw new Error(`kernel bug: task ${this.tid} came back from what it has become`);
  }

  /** Goes on as another program (kernel-sim/exec.ts), under another name if one is given. Does not return. */
  *exec(program: Program, options: Pick<TaskOptions, "name"> = {}): Coroutine<never> {
    const { kernel } = this.#space;
    const tid = sysEnter(kernel, NR_EXECVE, 0);
    yield* kernel.host.sync();
    if (kernel.tasks.umcgTask(tid) !== 0) yield* kernel.hooks.exec(this.tid);
    forgetProgram(kernel, tid, options.name);
    sysExit(kernel, tid, NR_EXECVE, 0);
    // The old program is never resumed, as after an exit: its `finally` blocks do not run.
    kernel.host.start(this.tid, codeOf(kernel, this.tid, program(new Env(this.#space, this.tid))));
    yield YIELD_PAUSE;
    throw new Error(`kernel bug: task ${tid} came back from exec`);
  }
}
