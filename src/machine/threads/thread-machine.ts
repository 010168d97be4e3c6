/**
 * A machine on real threads: each vCPU a Worker, the kernel in memory that they share, the program in an image.
 *
 *     await using machine = await createThreadMachine({ vcpus: 2, image: new URL("./program.ts", import.meta.url) });
 *     await machine.run({ timeoutMs: 10_000 });
 *
 * The image exports a set-up function, which every CPU runs (set-up.ts). Main has a kernel of its own over the memory, to look at
 * it, to interrupt CPUs and to stop them; it executes nothing else. It must let its event loop run.
 * One run a machine. What ends it: the exit of the last task; a program or the kernel that throws; a Worker that dies; tasks that
 * wait for each other. After an error the Workers are ended where they are.
 */
import { monotonicNs } from "../../hosts/threads/clock.ts";
import { VcpuHost } from "../../hosts/threads/vcpu/host.ts";
import { inOrder, type OrderedEvent } from "../../hosts/threads/vcpu/ordered-ring.ts";
import {
  PHASE,
  PHASE_DEADLOCKED,
  PHASE_ENDED,
  PHASE_FAILED,
  PHASE_READY,
  PHASE_RUNNING,
  type VcpuWords,
} from "../../hosts/threads/vcpu/words.ts";
import { type Waiter, waiters } from "../../kernel-sim/deadlock.ts";
import { MachineError } from "../../kernel-sim/errors.ts";
import { cpuId } from "../../kernel-sim/ids.ts";
import type { Kernel } from "../../kernel-sim/kernel.ts";
import type { BootReport } from "../../kernel-sim/smp/bring-up.ts";
import { raiseIrq, requestIrq } from "../../kernel-sim/smp/irq-routing.ts";
import {
  beginStop,
  OUTSIDE,
  STOP_EMERGENCY,
  STOP_NOT,
  STOP_ORDERLY,
  type StopReport,
  stopEnded,
  stopReport,
} from "../../kernel-sim/smp/stop.ts";
import { complete } from "./completions.ts";
import type { ThreadMachineConfig, ThreadRunOptions, ThreadRunResult } from "./config.ts";
import { cpuStarts } from "./cpu-starts.ts";
import { CpuWorkers } from "./cpu-workers.ts";
import { type HostDeath, HostWorkers } from "./host-tasks/host-workers.ts";
import { makeMainKernel } from "./main-kernel.ts";
import type { FromCpu, Told } from "./messages.ts";
import { again, deadlock, errorOf, keptFromNs, late, runResult, stopped } from "./outcome.ts";

const LOAD_TIMEOUT_MS = 20_000;
/** For the boot and the set-up of each CPU. */
const BOOT_TIMEOUT_MS = 20_000;
/** How long CPUs may take to leave: one that computes for ever never does. */
const LEAVE_TIMEOUT_MS = 5000;
const LOOK_MS = 1;

/** A machine on real threads: `createThreadMachine` makes one. */
export class ThreadMachine {
  readonly kernel: Kernel;
  readonly #config: ThreadMachineConfig;
  readonly #host: VcpuHost;
  readonly #shared: VcpuWords;
  readonly #buffer: SharedArrayBuffer;
  readonly #workers: CpuWorkers;
  readonly #hosts: HostWorkers;
  readonly #trace: (readonly OrderedEvent[] | undefined)[] = [];
  readonly #ready: Set<number> = new Set();
  #report: BootReport | undefined;
  #failure: MachineError | undefined;
  /** Told when a CPU says something, or is gone. */
  #news: () => void = () => undefined;
  #ended = false;
  /** Of completions. */
  #line: number | undefined;

  /** Use `createThreadMachine`. */
  constructor(config: ThreadMachineConfig) {
    this.#config = config;
    const { kernel, shared } = makeMainKernel(config);
    this.kernel = kernel;
    this.#shared = shared;
    this.#buffer = kernel.buffer as SharedArrayBuffer;
    this.#host = new VcpuHost(shared, cpuId(0), 0, true);
    this.#host.attach(kernel);
    this.#workers = new CpuWorkers(shared, {
      hear: (cpu, message) => this.#hear(cpu, message),
      gone: (cpu, why) => this.#gone(cpu, why),
    });
    this.#hosts = new HostWorkers(kernel, shared, config);
  }

  /** Loads, boots and sets up. Rejects with ERR_BOOT, ERR_IMAGE, and with what the set-up function throws. */
  async boot(): Promise<void> {
    const { loadTimeoutMs = LOAD_TIMEOUT_MS } = this.#config;
    const starts = cpuStarts(this.#config, this.kernel, this.#shared, this.#hosts.words.buffer);
    await this.#workers.start(starts, loadTimeoutMs);
    const boot = this.#workers.causes.get(0);
    if (boot !== undefined)
      throw this.#failure ?? new MachineError("ERR_BOOT", `CPU 0 did not come up: ${boot}`);
    this.#shared.startBootCpu(monotonicNs());
    const deadline = Date.now() + BOOT_TIMEOUT_MS * this.#shared.vcpus;
    while (this.#report?.ready.every((cpu) => this.#ready.has(cpu)) !== true) {
      if (this.#failure !== undefined) throw this.#failure;
      if (Date.now() > deadline) throw new MachineError("ERR_BOOT", "the CPUs are not set up in time");
      await this.#anything(LOOK_MS * 100);
    }
    await this.#hosts.start(loadTimeoutMs);
    this.#shared.setPhase(PHASE_READY);
  }

  /** Which CPUs came up. Why a Worker did not load is in `causes`. */
  get boots(): BootReport {
    return this.#report!;
  }
  get causes(): ReadonlyMap<number, string> {
    return this.#workers.causes;
  }
  /** Workers that have not ended. */
  get workers(): number {
    return this.#workers.count + this.#hosts.count;
  }
  /** Host threads that have ended without a result, so far. The machine goes on without them. */
  get hostDeaths(): readonly HostDeath[] {
    return this.#hosts.deaths;
  }
  /** Ends the thread of a host task where it is, whatever it does: the task ends as if killed. False: it has none. */
  endHost(tid: number): boolean {
    return this.#hosts.endOf(tid);
  }
  /** User memory as 32-bit words: `words[address >> 2]`. */
  get words(): Int32Array<SharedArrayBuffer> {
    return new Int32Array(this.#buffer, 0, this.kernel.userEnd >> 2);
  }
  /** The last events of all CPUs in the order in which they took effect, when the machine has stopped. */
  get trace(): OrderedEvent[] {
    return inOrder(this.#trace.filter((events) => events !== undefined));
  }
  /** From when on the trace is complete, ns. */
  get traceFromNs(): number {
    return keptFromNs(this.#trace, this.#config.traceEvents);
  }

  /**
   * Runs until every task has exited. Rejects with ERR_PROGRAM_THREW and the like, ERR_DEADLOCK, ERR_HOST when a Worker has
   * died, ERR_RUN_LIMIT, ERR_RUNNING when it has been run before, ERR_HALTED.
   */
  async run({ timeoutMs = Number.POSITIVE_INFINITY }: ThreadRunOptions = {}): Promise<ThreadRunResult> {
    const { words } = this.#shared;
    if (this.#shared.phase !== PHASE_READY) throw this.#failure ?? again(this.kernel);
    const began = monotonicNs();
    this.#shared.go(began);
    // Nobody is left to say that the last task has exited.
    if (this.kernel.live === 0) this.#shared.endAs(PHASE_ENDED);
    else {
      const wait = Atomics.waitAsync(words, PHASE, PHASE_RUNNING, timeoutMs);
      if (wait.async && (await wait.value) === "timed-out") throw late(this.waiters(), timeoutMs);
    }
    const ns = monotonicNs() - began;
    await this.#judge();
    return runResult(this.kernel, this.#shared, ns);
  }

  /** Is the end a good one? */
  async #judge(): Promise<void> {
    const { phase } = this.#shared;
    const stop = phase === PHASE_ENDED ? stopped(this.kernel) : undefined;
    if (stop !== undefined) throw stop;
    if (phase === PHASE_DEADLOCKED) throw deadlock(this.waiters());
    // Who has failed says why.
    for (let look = 0; phase === PHASE_FAILED && this.#failure === undefined && look < 100; look++)
      await this.#anything(LOOK_MS * 10);
    if (this.#failure === undefined && phase !== PHASE_FAILED) return;
    // What led there is what a trace is for: each CPU hands over its part as it leaves.
    if (this.#config.trace === true) await this.#workers.left(LEAVE_TIMEOUT_MS);
    await this.#endWorkers();
    throw this.#failure ?? new MachineError("ERR_HOST", "a CPU has failed and does not say why");
  }

  /** Tasks that have not exited, with what each waits for. A look at a machine that may be running. */
  waiters(): Waiter[] {
    return waiters(this.kernel);
  }

  /** Raises an interrupt line that set-up code requested (requestIrq), for a request of `cpu`. */
  raise(line: number, cpu = 0): "raised" | "coalesced" | "lost" {
    return this.#locked(() => raiseIrq(this.kernel, line, cpu));
  }

  /**
   * What a program on `cpu` asked main for is done: adds 1 to its eventfd. Throws ERR_CONFIG when set-up code does not accept
   * completions, ERR_HOST when too many wait.
   */
  complete(fd: number, cpu = 0): void {
    const line = this.#line;
    if (line === undefined) throw new MachineError("ERR_CONFIG", "set-up code does not accept completions");
    this.#locked(() => complete(this.kernel, this.#shared, line, fd, cpu));
  }

  /** Stops every CPU in order, each where it holds nothing, within 20 s, and says what was left behind. */
  halt(): Promise<StopReport> {
    return this.#stop(STOP_ORDERLY, "halt");
  }
  /** Stops every CPU where it next looks around, within 5 s. */
  panic(reason: string): Promise<StopReport> {
    return this.#stop(STOP_EMERGENCY, reason);
  }

  async #stop(how: number, reason: string): Promise<StopReport> {
    const { kernel } = this;
    // CPUs that wait for the run take the stop at its begin.
    if (this.#shared.phase === PHASE_READY) this.#shared.go(monotonicNs());
    if (this.#shared.phase !== PHASE_FAILED) this.#locked(() => beginStop(kernel, OUTSIDE, how, reason));
    while (this.#shared.phase !== PHASE_FAILED && !stopEnded(kernel)) await this.#anything(LOOK_MS);
    // Stragglers do not say so.
    this.#shared.endAs(PHASE_ENDED);
    await this.#workers.left(LEAVE_TIMEOUT_MS);
    await this.terminate();
    return stopReport(kernel);
  }

  /** Ends the machine: in order if it is whole. No Worker is left. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#shared.phase !== PHASE_FAILED && this.kernel.smp.stopHow === STOP_NOT) await this.halt();
    await this.terminate();
  }
  /** Ends the machine wherever it is: a power cut. No Worker is left. */
  async terminate(): Promise<void> {
    this.#ended = true;
    await this.#endWorkers();
  }
  async #endWorkers(): Promise<void> {
    await Promise.all([this.#hosts.terminate(), this.#workers.terminate()]);
  }

  /** Main blocks while another is in the kernel: some microseconds. */
  #locked<T>(section: () => T): T {
    this.#host.acquire();
    try {
      return section();
    } finally {
      this.#host.lock.release();
    }
  }

  #hear(cpu: number, message: FromCpu): void {
    if (message.kind === "booted") this.#report = message.report;
    else if (message.kind === "ready") {
      this.#ready.add(cpu);
      if (cpu === 0) this.#learn(message);
    } else if (message.kind === "failed") this.#failure ??= errorOf(message.failure, cpu);
    else if (message.kind === "said") this.#config.onMessage?.(message.value, cpu);
    else if (message.kind === "end-host") this.#hosts.end(message.slot);
    else if (message.kind === "host-job") this.#hosts.post(message.job);
    else if (message.kind === "host-threw") this.#hosts.threw(message);
    else if (message.kind === "stopped") this.#trace[cpu] = message.events;
    this.#news();
  }

  /** What set-up code has told the kernels of the CPUs. */
  #learn({ names, lines, line, hosts }: Told): void {
    this.#line = line;
    this.#hosts.learn(hosts);
    for (const [tid, name] of names.entries()) this.kernel.names.set(tid, name);
    for (let line = 0; line < lines; line++) requestIrq(this.kernel, () => undefined);
  }

  #gone(cpu: number, why: string): void {
    const stopped = this.#ended || this.#trace[cpu] !== undefined || this.#workers.causes.has(cpu);
    const early = this.#report === undefined && cpu !== 0;
    if (!stopped && !early) {
      this.#failure ??= new MachineError("ERR_HOST", `the Worker of CPU ${cpu} is gone: ${why}`);
      this.#shared.setPhase(PHASE_FAILED);
    }
    this.#news();
  }

  /** Waits for news, `ms` at most. */
  #anything(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    this.#news = () => {
      clearTimeout(timer);
      resolve();
    };
    return promise;
  }
}

/** Creates a machine on real threads and brings it up. Rejects with ERR_CONFIG, ERR_BOOT, ERR_IMAGE; then nothing is left of it. */
export async function createThreadMachine(config: ThreadMachineConfig): Promise<ThreadMachine> {
  const machine = new ThreadMachine(config);
  try {
    await machine.boot();
    return machine;
  } catch (error) {
    await machine.terminate();
    throw error;
  }
}
