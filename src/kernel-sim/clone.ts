/** Starting tasks: the record, its first CPU, and the first wake-up (copy_process() and wake_up_new_task()). */
import type { Coroutine } from "../atomics/step.ts";
import { TRACE_TASK_NEW } from "../trace/events.ts";
import { resetAccount } from "./accounts.ts";
import { checkInteger } from "./config.ts";
import { TASK_NEW, TASK_WAKING } from "./constants.ts";
import { MachineError } from "./errors.ts";
import { NICE_0_WEIGHT, WEIGHT_OF_NICE } from "./fair-queue.ts";
import { selectIdlestCpu } from "./idlest-cpu.ts";
import type { Tid } from "./ids.ts";
import type { Kernel } from "./kernel.ts";
import { isRealtime, policyNumber, SCHED_NORMAL, SCHED_POLICIES, type SchedPolicy } from "./sched-table.ts";
import { setScheduling } from "./set-scheduling.ts";
import { anyUsable, setAllowed } from "./smp/affinity.ts";
import type { Named } from "./task-names.ts";
import { setTaskState } from "./task-state.ts";
import { activate, QUEUED_DIRECTLY } from "./wakeup.ts";

/** What a task is made with. */
export interface TaskOptions {
  /** For dumps and traces, or who knows it when it is asked for. Default: "task-<tid>". */
  readonly name?: string | Named;
  /** CPUs it may run on. Default: all. */
  readonly affinity?: readonly number[];
  /** -20 (most CPU) to 19. Default 0. */
  readonly nice?: number;
  /** Default "normal". "idle" has the least weight there is; "fifo" and "rr" run before all others. */
  readonly policy?: SchedPolicy;
  /** Of "fifo" and "rr", which need one: 1 to 99, greater runs first. */
  readonly rtPriority?: number;
  /** A slice of its own, ns, 100 000 to 100 000 000 (sched_setattr's runtime). Default: the machine's. EEVDF only. */
  readonly sliceNs?: number;
  /** Working set, bytes, that it fetches again when it comes to another core. Default: the machine's `migrationBytes`. */
  readonly migrationBytes?: number;
}

/** Fills in the record of a new task; it does not run yet. Throws ERR_CONFIG naming a bad option. */
export function prepareTask(kernel: Kernel, options: TaskOptions): Tid {
  const weight = niceWeight(options.nice);
  const { policy, priority } = policyOf(kernel, options);
  const affinity = checkAffinity(kernel, options.affinity);
  const sliceNs = sliceOf(options.sliceNs);
  const migrationBytes = options.migrationBytes ?? kernel.config.migrationBytes;
  checkInteger("migrationBytes", migrationBytes, 0, 1e9);
  const tid = kernel.allocateTid();
  const { tasks } = kernel;
  tasks.setState(tid, TASK_NEW);
  tasks.setFlags(tid, 0);
  tasks.setWork(tid, 0);
  tasks.setSigPending(tid, 0);
  tasks.setFatalSignal(tid, 0);
  tasks.setExitCode(tid, 0);
  tasks.setUmcgTask(tid, 0);
  tasks.setOnCpuUntil(tid, 0);
  tasks.setWorkLeft(tid, 0);
  tasks.setHome(tid, 0);
  tasks.setCacheCpu(tid, -1);
  tasks.setWorkingSet(tid, migrationBytes);
  resetAccount(kernel, tid);
  kernel.scheduling.set(tid, SCHED_NORMAL, options.nice ?? 0, 0);
  kernel.fair.prepare(tid, weight, sliceNs);
  kernel.fair.setPolicy(tid, SCHED_NORMAL);
  if (policy !== SCHED_NORMAL)
    setScheduling(kernel, tid, { policy, nice: options.nice ?? 0, priority, sliceNs });
  setAllowed(kernel, tid, affinity);
  kernel.names.set(tid, options.name);
  kernel.seccomp.inherit(kernel.current, tid);
  tasks.setSigMask(tid, tasks.sigMask(kernel.current));
  kernel.record.addLive(1);
  return tid;
}

/** Gives the task its code and makes it runnable on the idlest CPU it may use. */
export function startTask(kernel: Kernel, tid: Tid, body: Coroutine<unknown>): void {
  const { tasks, trace, host } = kernel;
  host.start(tid, body);
  const cpu = selectIdlestCpu(kernel, tid, kernel.cpu);
  tasks.setCpu(tid, cpu);
  tasks.setRecentUsedCpu(tid, cpu);
  if (trace.on) kernel.emit(TRACE_TASK_NEW, tid, kernel.current, 0);
  setTaskState(kernel, tid, TASK_WAKING);
  activate(kernel, cpu, tid, QUEUED_DIRECTLY, true);
}

function sliceOf(sliceNs: number | undefined): number {
  if (sliceNs === undefined) return 0;
  if (!Number.isInteger(sliceNs) || sliceNs < 100_000 || sliceNs > 100_000_000) {
    throw new MachineError(
      "ERR_CONFIG",
      `sliceNs must be an integer from 100000 to 100000000, got ${sliceNs}`,
    );
  }
  return sliceNs;
}

function policyOf(
  kernel: Kernel,
  options: TaskOptions,
): { readonly policy: number; readonly priority: number } {
  const { policy: name = "normal", rtPriority } = options;
  if (!SCHED_POLICIES.includes(name)) {
    throw new MachineError("ERR_CONFIG", `policy must be one of ${SCHED_POLICIES.join(", ")}, got ${name}`);
  }
  const policy = policyNumber(name);
  if (!isRealtime(policy)) {
    if (rtPriority !== undefined) {
      throw new MachineError("ERR_CONFIG", `rtPriority is for policy fifo and rr, got policy ${name}`);
    }
    return { policy, priority: 0 };
  }
  if (kernel.fair.shared) {
    throw new MachineError("ERR_CONFIG", `policy ${name} needs a queue a CPU: fair is ${kernel.config.fair}`);
  }
  checkInteger("rtPriority", rtPriority, 1, 99);
  return { policy, priority: rtPriority ?? 1 };
}

function niceWeight(nice: number | undefined): number {
  if (nice === undefined) return NICE_0_WEIGHT;
  const weight = WEIGHT_OF_NICE[nice + 20];
  if (weight === undefined)
    throw new MachineError("ERR_CONFIG", `nice must be an integer from -20 to 19, got ${nice}`);
  return weight;
}

function checkAffinity(
  kernel: Kernel,
  affinity: readonly number[] | undefined,
): readonly number[] | undefined {
  if (affinity === undefined) return undefined;
  const last = kernel.cpus.count - 1;
  const bad = affinity.find((cpu) => !Number.isInteger(cpu) || cpu < 0 || cpu > last);
  if (bad !== undefined || affinity.length === 0) {
    throw new MachineError(
      "ERR_CONFIG",
      `affinity must list CPUs from 0 to ${last}, got [${affinity.join(", ")}]`,
    );
  }
  if (!anyUsable(kernel, affinity)) {
    throw new MachineError("ERR_CONFIG", `none of the CPUs of affinity [${affinity.join(", ")}] is ready`);
  }
  return affinity;
}
