/**
 * Set-up code, run alike on every CPU.
 *
 * Functions cannot cross isolates, so each CPU makes the program's objects for itself: it runs the image's set-up function. The
 * first to do so does it to the machine's memory; each other one begins from the memory as it was before, does the same, and
 * must come to the same memory, to the byte. So all have the same tasks under the same numbers, with code that has not run yet
 * (hosts/threads/vcpu/task-bodies.ts), at the same addresses; and a set-up that depends on anything but its arguments is
 * found out. Time stands still meanwhile. Rejected: to do what set-up does once and to suppress it elsewhere (set-up code may
 * write words as it likes), and to send objects (they hold functions).
 *
 * What programs share is in user memory. A JS object that set-up code makes exists once on each CPU: it may hold addresses and
 * what never changes.
 */

import type { Addr } from "../../atomics/address.ts";
import type { Protection } from "../../atomics/page-table.ts";
import type { Coroutine } from "../../atomics/step.ts";
import type { VcpuWords } from "../../hosts/threads/vcpu/words.ts";
import type { TaskOptions } from "../../kernel-sim/clone.ts";
import { MachineError } from "../../kernel-sim/errors.ts";
import { NO_TASK, type Tid } from "../../kernel-sim/ids.ts";
import type { Kernel } from "../../kernel-sim/kernel.ts";
import type { Env, Program, UserSpace } from "../../umcg/env.ts";
import type { Runtime } from "../../worker/runtime.ts";
import type { Worker, WorkerOptions } from "../../worker/worker.ts";
import type { WorkerHandle } from "../../worker/worker-handle.ts";
import { acceptCompletions } from "./completions.ts";
import type { HostJobs, HostSpec, HostTaskOptions } from "./host-tasks/jobs.ts";
import { HostSpawner } from "./host-tasks/spawn.ts";
import { sent } from "./image-check.ts";
import type { FromCpu } from "./messages.ts";

/** What an image exports. It does the same each time it is called with the same arguments; it may not wait. */
export type SetUpFunction = (machine: SetUp) => void;

export interface SetUpParts {
  readonly shared: VcpuWords;
  readonly hosts: HostJobs;
  readonly args: unknown;
  readonly tell: (message: FromCpu) => void;
}

/** A machine that is being set up, as a set-up function sees it on one CPU. */
export class SetUp {
  readonly userSpace: UserSpace;
  readonly kernel: Kernel;
  /** `args` of the machine's configuration, a copy for each CPU. */
  readonly args: unknown;
  /** The interrupt line of completions, once they are accepted. */
  line: number | undefined;
  readonly #shared: VcpuWords;
  readonly #spawner: HostSpawner;
  readonly #tell: (message: FromCpu) => void;

  constructor(userSpace: UserSpace, parts: SetUpParts) {
    this.#shared = parts.shared;
    this.#spawner = new HostSpawner(userSpace, parts.hosts, parts.tell);
    this.#tell = parts.tell;
    this.userSpace = userSpace;
    this.kernel = userSpace.kernel;
    this.args = parts.args;
  }

  /** Tells main something, from any program: `onMessage` hears it. What set-up code says, every CPU says. */
  readonly say = (value: unknown): void =>
    sent("what is said", value, () => this.#tell({ kind: "said", value }));

  /** Creates a task; it runs when the machine does. Throws ERR_CONFIG, ERR_TASK_LIMIT. */
  spawn(program: Program, options: TaskOptions = {}): Tid {
    return this.userSpace.start(program, options);
  }
  /**
   * Creates a task whose code is a plain function on a thread of its own (docs/threads-host.md). Its exit code is the number that
   * the function returns. Throws ERR_CONFIG, ERR_TASK_LIMIT.
   */
  spawnHost(spec: HostSpec, options: HostTaskOptions = {}): Tid {
    return this.#spawner.task(spec, options);
  }
  /** The same as a worker of `runtime`, beside its others. Throws ERR_CONFIG, ERR_TASK_LIMIT, ERR_USER_MEMORY. */
  spawnHostWorker(runtime: Runtime, spec: HostSpec, options: WorkerOptions = {}): WorkerHandle<unknown> {
    return this.#spawner.worker(runtime, spec, options);
  }
  /** The same from a task, `env`'s, while the machine runs, on a Worker that is free. Throws ERR_NO_HOST_THREAD, too. */
  spawnHostFrom(env: Env, spec: HostSpec, options: HostTaskOptions = {}): Coroutine<Tid> {
    return this.#spawner.taskFrom(env, spec, options);
  }
  spawnHostWorkerFrom(
    worker: Worker,
    spec: HostSpec,
    options: WorkerOptions = {},
  ): Coroutine<WorkerHandle<unknown>> {
    return this.#spawner.workerFrom(worker, spec, options);
  }
  /** Zeroed user memory. Throws ERR_USER_MEMORY. */
  allocate(bytes: number, align = 64): Addr {
    return this.kernel.allocate(bytes, align);
  }
  /**
   * Main may complete what programs ask it for (`ThreadMachine.complete`): it adds 1 to an eventfd of theirs. A machine that
   * accepts completions is never found deadlocked.
   */
  acceptCompletions(): void {
    this.line ??= acceptCompletions(this.kernel, this.#shared);
  }
  /** Sets what user space may do with the pages that overlap a range. */
  protect(a: Addr, length: number, protection: Protection): void {
    this.kernel.pages.protect(a, length, protection);
  }
  /** Moves the pages that overlap a range to disk, if they are present. */
  swapOut(a: Addr, length: number): void {
    this.kernel.pages.swapOut(a, length);
  }
}

/** The memory before set-up and after it, of which the first CPU makes copies for the others. */
export interface SetUpMemories {
  readonly memory: Uint8Array;
  readonly before: Uint8Array;
  readonly after: Uint8Array;
}

/** The memory is as it was before set-up. Before the kernel of the executing CPU looks at it for the first time. */
export function beginSetUp({ memory, before }: SetUpMemories, first: boolean): void {
  if (first) before.set(memory);
  else memory.set(before);
}

/** Runs `setUp` on the executing CPU, which has the kernel's lock. Throws what it throws, and ERR_IMAGE when it did otherwise. */
export function runSetUp(
  machine: SetUp,
  setUp: SetUpFunction,
  { memory, after }: SetUpMemories,
  first: boolean,
): void {
  const { kernel } = machine;
  const { cpu } = kernel;
  // As on the virtual host, set-up code runs on nobody's account; what it starts is placed as from CPU 0.
  kernel.cpu = 0 as typeof cpu;
  kernel.current = NO_TASK;
  setUp(machine);
  kernel.cpu = cpu;
  if (first) after.set(memory);
  else if (Buffer.compare(memory, after) !== 0) throw otherwise(cpu, memory, after);
}

function otherwise(cpu: number, memory: Uint8Array, after: Uint8Array): MachineError {
  const at = memory.findIndex((byte, index) => byte !== after[index]);
  return new MachineError(
    "ERR_IMAGE",
    `set-up did otherwise on CPU ${cpu} than on CPU 0: at 0x${at.toString(16)} it left 0x${memory[at]!.toString(16)}, not 0x${after[at]!.toString(16)}`,
  );
}
