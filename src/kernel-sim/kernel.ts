/**
 * The kernel's state and wiring: tables in the one buffer, the host beneath, the UMCG hooks beside.
 *
 * Two kinds of code work on it (docs/architecture.md):
 * - primitives: ordinary functions, atomic steps. Run queues, wake-ups, wait queues, timers.
 * - system calls and the UMCG half: coroutines, interleavable at each step.
 *
 * The buffer: page 0 unmapped, then the kernel region (page table, task, CPU and pipe records), then the user region.
 */
import { type Addr, addr, PAGE_SIZE } from "../atomics/address.ts";
import { KERNEL_STEP_BUDGET, LocalMemory } from "../atomics/local-memory.ts";
import type { Memory } from "../atomics/memory.ts";
import { PageTable } from "../atomics/page-table.ts";
import type { Coroutine } from "../atomics/step.ts";
import { type NosleepMode, UserAccess } from "../atomics/user-access.ts";
import type { TraceRing } from "../trace/ring.ts";
import { Arena } from "./arena.ts";
import type { BalanceTable } from "./balance-table.ts";
import type { ClassOrder } from "./class-order.ts";
import type { KernelConfig } from "./config.ts";
import type { CpuTable } from "./cpu-table.ts";
import type { Descriptors } from "./descriptors.ts";
import type { Dispositions } from "./dispositions.ts";
import { assert, MachineError } from "./errors.ts";
import type { FairClass } from "./fair-class.ts";
import { GlobalQueue } from "./global-queue.ts";
import { type Hooks, NO_HOOKS } from "./hooks.ts";
import type { Host } from "./host.ts";
import type { IdleGovernor } from "./idle-governor.ts";
import { type CpuId, NO_TASK, type Tid } from "./ids.ts";
import type { KernelRecord } from "./kernel-record.ts";
import { FUTEX_BUCKETS, layOut, PAGE_BUCKETS, type TableMakers } from "./layout.ts";
import type { LlcTable } from "./llc-table.ts";
import type { PageRead } from "./page-io.ts";
import type { PipeTable } from "./pipe-table.ts";
import type { RtQueue } from "./rt-queue.ts";
import type { SchedTable } from "./sched-table.ts";
import type { SeccompTable } from "./seccomp-table.ts";
import { connectGlobal } from "./select-global.ts";
import type { CallFunction } from "./smp/call-function.ts";
import type { CallQueues } from "./smp/call-queues.ts";
import type { SmpTable } from "./smp/smp-table.ts";
import { TaskNames } from "./task-names.ts";
import type { TaskTable } from "./task-table.ts";
import type { TimerOwners } from "./timer-owners.ts";
import type { TimerQueue } from "./timer-queue.ts";
import { Topology } from "./topology.ts";
import type { WaitQueues } from "./wait-queues.ts";
import type { WatchTable } from "./watch-table.ts";

/** The CPU that a WAKING task shall be queued on. */
export type CpuSelector = (tid: number, flags: number) => number;
export { FUTEX_BUCKETS, PAGE_BUCKETS };

export interface KernelParts {
  readonly config: KernelConfig;
  readonly trace: TraceRing;
  readonly nosleep: NosleepMode;
  /** Wraps the memory that interleavable code sees; the identity unless a host announces steps or somebody watches. */
  readonly wrapMemory?: ((memory: LocalMemory, side: "kernel" | "user") => Memory) | undefined;
  /** The machine's memory: a SharedArrayBuffer if threads outside look into it. */
  readonly makeBuffer?: ((bytes: number) => ArrayBufferLike) | undefined;
  /** A machine that exists already, on this thread or another: the kernel is made over its buffer, and finds it as it is. */
  readonly attach?: ArrayBufferLike | undefined;
  /** The tables of a host of real threads, which take locks. */
  readonly tables?: TableMakers | undefined;
  /** Resolves page faults of the kernel's own accesses. */
  readonly fault: (kernel: Kernel) => (a: Addr, write: boolean) => Coroutine<boolean>;
}

/** Bytes of the page table for a page: its flags and its pins. */
const PAGE_ENTRY = 5;

/** A machine's kernel: its tables in the one buffer, and who works on them. */
export class Kernel {
  declare readonly config: KernelConfig;
  declare readonly trace: TraceRing;
  declare readonly buffer: ArrayBufferLike;
  declare readonly record: KernelRecord;
  declare readonly dispositions: Dispositions;
  declare readonly timerOwners: TimerOwners;
  declare readonly tasks: TaskTable;
  declare readonly cpus: CpuTable;
  declare readonly topology: Topology;
  declare readonly smp: SmpTable;
  declare readonly callQueues: CallQueues;
  declare readonly idle: IdleGovernor;
  declare readonly llcs: LlcTable;
  declare readonly balance: BalanceTable;
  /** A CPU ticks as long as more tasks than this are runnable there. */
  declare readonly tickAbove: number;
  declare readonly waits: WaitQueues;
  declare readonly pipes: PipeTable;
  declare readonly files: Descriptors;
  declare readonly watches: WatchTable;
  declare readonly seccomp: SeccompTable;
  /** The scheduling class; both in their order, from the first real-time task on. */
  declare fair: FairClass;
  order: ClassOrder | undefined;
  declare readonly rt: RtQueue;
  declare readonly scheduling: SchedTable;
  declare readonly timers: TimerQueue;
  declare readonly pages: PageTable;
  declare readonly local: LocalMemory;
  declare readonly memory: Memory;
  /** The same buffer as user space sees it, with a budget of its own. */
  declare readonly userLocal: LocalMemory;
  declare readonly userMemory: Memory;
  declare readonly access: UserAccess;
  /** First byte of the user region. */
  declare readonly userBase: Addr;
  /** First byte behind it. */
  declare readonly userEnd: Addr;

  /** Of a class that selects the CPUs of its tasks itself: the CPU for a wakee, or -1 for select-cpu.ts to decide. */
  selector: CpuSelector | undefined;
  /** Do slices end by a timer of their own (slice-end.ts)? */
  sliceTimers: boolean;
  /** Do other isolates have kernels over the same buffer, and objects of their own? Set by the host. */
  manyIsolates = false;
  hooks: Hooks = NO_HOOKS;
  declare host: Host;
  /** The task whose code is executing (0 in an interrupt or the idle loop), and its CPU. Set by the host. */
  current: Tid = 0 as Tid;
  cpu: CpuId = 0 as CpuId;
  /** Functions that CPUs run for each other, by number. */
  readonly calls: CallFunction[] = [() => undefined];
  readonly names: TaskNames = new TaskNames();
  /** Pages that each CPU has asked the disk for (page-io.ts). */
  readonly reads: PageRead[][];

  constructor(parts: KernelParts) {
    const { config } = parts;
    this.config = config;
    this.trace = parts.trace;
    this.reads = Array.from({ length: config.vcpus }, () => []);
    this.topology = new Topology(config.vcpus, config.topology);
    const measure = new Arena(PAGE_SIZE);
    layOut(measure, config, this.topology, 0);
    const userBase = Math.ceil(measure.end / PAGE_SIZE) * PAGE_SIZE;
    // The page table is itself in the region it describes: one more pass settles its size.
    const tablePages =
      Math.ceil((PAGE_ENTRY * (userBase + config.userBytes)) / PAGE_SIZE / (PAGE_SIZE - PAGE_ENTRY)) + 2;
    this.userBase = addr(userBase + tablePages * PAGE_SIZE);
    this.userEnd = addr(this.userBase + config.userBytes);
    const fresh = parts.attach === undefined;
    this.buffer = parts.attach ?? parts.makeBuffer?.(this.userEnd) ?? new ArrayBuffer(this.userEnd);
    const arena = new Arena(PAGE_SIZE, this.buffer, fresh);
    const laid = layOut(arena, config, this.topology, this.userEnd / PAGE_SIZE, parts.tables);
    this.record = laid.record;
    this.dispositions = laid.dispositions;
    this.timerOwners = laid.timerOwners;
    this.tasks = laid.tasks;
    this.cpus = laid.cpus;
    this.smp = laid.smp;
    this.callQueues = laid.callQueues;
    this.idle = laid.idle;
    this.llcs = laid.llcs;
    this.balance = laid.balance;
    this.tickAbove = config.balance.periodic === true ? 0 : 1;
    this.waits = laid.waits;
    this.pipes = laid.io.pipes;
    this.files = laid.io.files;
    this.watches = laid.io.watches;
    this.seccomp = laid.io.seccomp;
    this.fair = laid.fair;
    this.order = undefined;
    this.rt = laid.rt;
    this.scheduling = laid.scheduling;
    this.timers = laid.timers;
    this.pages = new PageTable(laid.pageFlags, laid.pagePins);
    if (fresh) this.pages.protect(this.userBase, config.userBytes, "readwrite");
    this.local = new LocalMemory(this.buffer);
    this.local.budget = KERNEL_STEP_BUDGET;
    this.userLocal = new LocalMemory(this.buffer);
    this.memory = parts.wrapMemory?.(this.local, "kernel") ?? this.local;
    this.userMemory = parts.wrapMemory?.(this.userLocal, "user") ?? this.userLocal;
    this.access = new UserAccess(this.memory, this.pages, parts.fault(this), parts.nosleep);
    if (fresh) this.record.moveUserTop(0, this.userBase);
    this.sliceTimers = config.hrtick || config.fair === "rr" || config.fair === "ps";
    this.selector = this.fair instanceof GlobalQueue ? connectGlobal(this, this.fair) : undefined;
  }

  /**
   * Bump allocation in the user region, for set-up code. Throws ERR_USER_MEMORY when it is used up, ERR_CONFIG for what
   * is no size or no alignment.
   */
  allocate(bytes: number, align: number): Addr {
    if (!(Number.isInteger(bytes) && bytes >= 0 && Number.isInteger(align) && align > 0)) {
      throw new MachineError(
        "ERR_CONFIG",
        `allocate(bytes, align) takes whole numbers, got ${bytes}, ${align}`,
      );
    }
    for (;;) {
      const top = this.record.userTop;
      const at = Math.ceil(top / align) * align;
      if (at + bytes > this.userEnd) {
        const size = this.userEnd - this.userBase;
        throw new MachineError("ERR_USER_MEMORY", `${bytes} bytes do not fit: userBytes is ${size}`);
      }
      // A turn fails when somebody else has allocated.
      if (this.record.moveUserTop(top, at + bytes)) return addr(at);
    }
  }

  /**
   * A free task slot. Slots of tasks that exited are reused last, oldest first. They are a list through the links of their
   * wait queue, on which the dead are not. Rejected: an array, from whose front a million take a millisecond each.
   */
  allocateTid(): Tid {
    const { record, tasks } = this;
    if (record.lastTid < tasks.capacity) return ++record.lastTid as Tid;
    const reused = record.firstFree;
    if (reused === 0) {
      throw new MachineError("ERR_TASK_LIMIT", `no task slot left: maxTasks is ${tasks.capacity}`);
    }
    record.firstFree = tasks.waitNext(reused);
    tasks.setWaitNext(reused, 0);
    return reused as Tid;
  }

  /** Returns a slot: the task has exited and nobody will ask for its result. */
  freeTid(tid: Tid): void {
    const { record, tasks } = this;
    tasks.setWaitNext(tid, 0);
    if (record.firstFree === 0) record.firstFree = tid;
    else tasks.setWaitNext(record.lastFree, tid);
    record.lastFree = tid;
  }

  /** Every tid handed out so far is at most this. */
  get lastTid(): number {
    return this.record.lastTid;
  }
  /** Tasks that exist and have not exited. */
  get live(): number {
    return this.record.live;
  }

  /**
   * The kernel as it is, to come back to as often as one likes: for hosts that run a machine many times over. Not while a task
   * exists or a call is under way. What is no part of the buffer and of no class goes back to what a booted kernel has.
   */
  mark(): Uint8Array {
    assert(this.lastTid === 0, "a mark behind the first task");
    return new Uint8Array(this.buffer).slice();
  }
  rewind(mark: Uint8Array): void {
    new Uint8Array(this.buffer).set(mark);
    this.dispositions.clear();
    this.timerOwners.clear();
    for (const queue of this.reads) queue.length = 0;
    this.current = NO_TASK;
    this.cpu = 0 as CpuId;
  }

  emit(kind: number, tid: number, arg0: number, arg1: number): void {
    this.trace.emit(this.host.now, kind, this.cpu, tid, arg0, arg1);
  }
}

/** Wait-queue numbers. */
export function pipeReadQueue(pipe: number): number {
  return FUTEX_BUCKETS + 2 * pipe;
}
export function pipeWriteQueue(pipe: number): number {
  return FUTEX_BUCKETS + 2 * pipe + 1;
}
export function joinQueue(kernel: Kernel, tid: number): number {
  return FUTEX_BUCKETS + 2 * kernel.config.maxPipes + tid;
}
/** Of a file that is no pipe, by its slot. */
export function fileQueue(kernel: Kernel, slot: number): number {
  return FUTEX_BUCKETS + 2 * kernel.config.maxPipes + kernel.config.maxTasks + 1 + slot;
}
/** Of pages that are read from disk, by their hash. */
export function pageQueue(kernel: Kernel, bucket: number): number {
  return fileQueue(kernel, kernel.files.count) + bucket;
}
