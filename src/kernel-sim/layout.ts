/** The tables of a kernel, in the machine's one buffer. */

import type { Arena } from "./arena.ts";
import { BalanceTable } from "./balance-table.ts";
import type { KernelConfig } from "./config.ts";
import { CpuTable } from "./cpu-table.ts";
import { createClass } from "./create-class.ts";
import { Descriptors } from "./descriptors.ts";
import { Dispositions } from "./dispositions.ts";
import type { FairClass } from "./fair-class.ts";
import { IdleGovernor } from "./idle-governor.ts";
import { KernelRecord } from "./kernel-record.ts";
import { LlcTable } from "./llc-table.ts";
import { PipeTable } from "./pipe-table.ts";
import { RtQueue } from "./rt-queue.ts";
import { SchedTable } from "./sched-table.ts";
import { SeccompTable } from "./seccomp-table.ts";
import { CallQueues } from "./smp/call-queues.ts";
import { SmpTable } from "./smp/smp-table.ts";
import { TaskTable } from "./task-table.ts";
import { TimerOwners } from "./timer-owners.ts";
import { TimerQueue } from "./timer-queue.ts";
import type { Topology } from "./topology.ts";
import { WaitQueues } from "./wait-queues.ts";
import { WatchTable } from "./watch-table.ts";

export const FUTEX_BUCKETS = 256;
/** Queues of tasks that wait for pages, by hash. */
export const PAGE_BUCKETS = 16;

export interface Laid {
  readonly record: KernelRecord;
  readonly dispositions: Dispositions;
  readonly timerOwners: TimerOwners;
  readonly tasks: TaskTable;
  readonly cpus: CpuTable;
  readonly smp: SmpTable;
  readonly callQueues: CallQueues;
  readonly idle: IdleGovernor;
  readonly llcs: LlcTable;
  readonly balance: BalanceTable;
  readonly fair: FairClass;
  readonly rt: RtQueue;
  readonly scheduling: SchedTable;
  readonly timers: TimerQueue;
  readonly waits: WaitQueues;
  readonly io: FileTables;
  readonly pageFlags: Uint8Array;
  readonly pagePins: Int32Array;
}

/** What makes the tables, and what stands for a class: on real threads those that take locks. */
export interface TableMakers {
  readonly Tasks: typeof TaskTable;
  readonly Cpus: typeof CpuTable;
  readonly Waits: typeof WaitQueues;
  readonly Pipes: typeof PipeTable;
  readonly Files: typeof Descriptors;
  readonly Watches: typeof WatchTable;
  fair(made: FairClass, tasks: TaskTable): FairClass;
}

const PLAIN: TableMakers = {
  Tasks: TaskTable,
  Cpus: CpuTable,
  Waits: WaitQueues,
  Pipes: PipeTable,
  Files: Descriptors,
  Watches: WatchTable,
  fair: (made) => made,
};

/** Lays the tables out in the arena, of which `pages` have flags. Twice: to measure, and for good. */
export function layOut(
  arena: Arena,
  config: KernelConfig,
  topology: Topology,
  pages: number,
  makers: TableMakers = PLAIN,
): Laid {
  const { Tasks, Cpus, Waits, fair: standIn } = makers;
  const pageFlags = arena.uint8(pages);
  const pagePins = arena.int32(pages);
  const tasks = new Tasks(arena, config.maxTasks, config.vcpus);
  const cpus = new Cpus(arena, config.vcpus);
  const smp = new SmpTable(arena, config.vcpus);
  const callQueues = new CallQueues(arena, smp, config.vcpus);
  const idle = new IdleGovernor(arena, config.vcpus, config.idle);
  const llcs = new LlcTable(arena, topology);
  const balance = new BalanceTable(arena, config.vcpus, topology.levels.length);
  const fair = standIn(createClass(arena, config), tasks);
  const scheduling = new SchedTable(arena, config.maxTasks);
  const rt = new RtQueue(arena, config.maxTasks, config.vcpus, scheduling);
  const slots = 2 * config.maxPipes + config.maxFiles;
  const queues = FUTEX_BUCKETS + 2 * config.maxPipes + config.maxTasks + 1 + slots + PAGE_BUCKETS;
  const waits = new Waits(arena, queues, tasks);
  const io = layOutFiles(arena, config, slots, makers);
  const timers = new TimerQueue(arena, config.maxTasks + config.maxTimers + config.vcpus, config.vcpus);
  const timerOwners = new TimerOwners(arena, config.maxTimers);
  const dispositions = new Dispositions(arena, config.maxTasks);
  const record = new KernelRecord(arena);
  return {
    record,
    dispositions,
    timerOwners,
    tasks,
    cpus,
    smp,
    callQueues,
    idle,
    llcs,
    balance,
    fair,
    rt,
    scheduling,
    timers,
    waits,
    io,
    pageFlags,
    pagePins,
  };
}

interface FileTables {
  readonly pipes: PipeTable;
  readonly files: Descriptors;
  readonly watches: WatchTable;
  readonly seccomp: SeccompTable;
}

function layOutFiles(
  arena: Arena,
  config: KernelConfig,
  slots: number,
  { Pipes, Files, Watches }: TableMakers,
): FileTables {
  return {
    pipes: new Pipes(arena, config.maxPipes, config.pipeBytes),
    files: new Files(arena, slots),
    watches: new Watches(arena, slots, config.maxWatches),
    seccomp: new SeccompTable(arena, slots, config.maxTasks),
  };
}
