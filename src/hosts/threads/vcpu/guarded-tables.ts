/**
 * The kernel's tables of a CPU that is held to the locks: whoever changes something there must have its lock, or be alone, and is
 * told if he does not (lockdep_assert_held of Linux). With the check of the order (lock-order.ts) this finds a change without a lock
 * at once, whether or not another CPU came between.
 *
 * By table and method: what must be held, given by the first argument, or the second.
 */
import { FIRST_FD } from "../../../kernel-sim/descriptors.ts";
import type { Kernel } from "../../../kernel-sim/kernel.ts";
import type { KernelLock } from "./kernel-lock.ts";
import { LOCK_EPOLL, LOCK_FILE, LOCK_QUEUE, LockOrder } from "./lock-order.ts";

/** A method of a table, as it is called. */
type Method = (this: object, ...args: number[]) => unknown;
type Need = (what: string, args: readonly number[]) => void;
type Guards = Readonly<Record<string, readonly string[]>>;

/** Changed by nobody who is not alone. */
const ALONE: Guards = {
  pipes: ["create", "setFd", "close"],
  files: ["open", "openPipe", "setObject", "setMode", "close"],
  watches: ["create", "remove", "removeAll"],
  seccomp: ["install", "inherit", "forget", "orphan", "post", "withdraw", "reply", "setSent"],
  callQueues: ["push", "pop", "setWaitsFor"],
  timerOwners: ["give", "giveFile", "takeBack"],
  dispositions: ["set", "forget"],
  pages: ["makePresent", "setBeingRead", "pin", "unpin", "swapOut", "protect"],
  scheduling: ["set"],
  record: ["addLive"],
  smp: ["setState", "setUsable", "setAcksLeft", "setTicket"],
  // Bits of work and signals are added and taken away; whoever sets them as a whole is alone.
  tasks: [
    "setWork",
    "setSigPending",
    "setUmcgTask",
    "setUmcgHead",
    "setExitCode",
    "setFatalSignal",
    "setHome",
  ],
};
/** Of the task that the executing CPU runs; else alone. */
const OWN: Guards = {
  tasks: ["setFlags", "setSigMask", "setWaitReason", "setWaitBits"],
  dispositions: ["reset"],
};
/** With the lock of the pipe that is named first. */
const OF_PIPE: Guards = { pipes: ["write", "read"] };
const OF_FILE: Guards = { files: ["setCounter"] };
/** With the lock of the epoll whose watch is named. */
const OF_WATCH: Guards = { watches: ["putReady", "takeReady"] };
/** With the queue of the CPU that is named first. */
const OF_CPU: Guards = {
  cpus: [
    ...["setCurr", "setNeedResched", "setIdlePhase", "setPending"],
    ...["setWakeListHead", "setWakeListTail", "setIdleSince"],
  ],
  smp: ["setDoorbell", "setRaised"],
};
/** With a queue: that to which the task, named first, belongs, or comes. */
const OF_TASK: Guards = { tasks: ["setCpu", "setOnCpuUntil", "setQueuedAt", "setWakeNext"] };
/** By the CPU that is named, first or second. */
const BY_CPU: Guards = { timers: ["setClockNs"] };
const BY_CPU_SECOND: Guards = { timers: ["arm"] };

/** From now on the executing CPU of `kernel` is held to the order of locks, and to having those of what it changes. */
export function checkLocks(kernel: Kernel, lock: KernelLock): void {
  lock.order = new LockOrder(() => {
    const { names, cpu, current } = kernel;
    return `CPU ${cpu}, ${names.of(current)} (tid ${current})`;
  });
  const isOwn = (cpu: number, what: string): void => {
    if (cpu !== kernel.cpu) lock.needsAlone(what);
  };
  guard(kernel, ALONE, (what) => lock.needsAlone(what));
  guard(kernel, OWN, (what, [tid]) => {
    if (tid !== kernel.current) lock.needsAlone(`${what} of task ${tid}`);
  });
  const { maxPipes } = kernel.config;
  guard(kernel, OF_PIPE, (what, [pipe]) => lock.needs(LOCK_FILE, pipe!, what));
  guard(kernel, OF_FILE, (what, [fd]) => lock.needs(LOCK_FILE, maxPipes + fd! - FIRST_FD, what));
  guard(kernel, OF_WATCH, (what, [watch]) => {
    lock.needs(LOCK_EPOLL, maxPipes + kernel.watches.epoll(watch!), what);
  });
  guard(kernel, OF_CPU, (what, [cpu]) => lock.needs(LOCK_QUEUE, cpu!, what));
  guard(kernel, OF_TASK, (what, [tid]) => lock.needsSomeQueue(`${what} of task ${tid}`));
  guard(kernel, BY_CPU, (what, [cpu]) => isOwn(cpu!, what));
  guard(kernel, BY_CPU_SECOND, (what, [, cpu]) => isOwn(cpu!, what));
  guard(kernel, { timers: ["cancel"] }, (what, [timer]) => {
    if (kernel.timers.isArmed(timer!)) isOwn(kernel.timers.cpuOf(timer!), what);
  });
}

function guard(kernel: Kernel, guards: Guards, need: Need): void {
  for (const [name, methods] of Object.entries(guards)) {
    const table = kernel[name as keyof Kernel] as object;
    for (const method of methods) guardMethod(table, method, (args) => need(`${name}.${method}`, args));
  }
}

function guardMethod(table: object, method: string, need: (args: readonly number[]) => void): void {
  const change = Reflect.get(table, method) as Method;
  Object.defineProperty(table, method, {
    configurable: true,
    value(...args: number[]): unknown {
      need(args);
      return change.apply(table, args);
    },
  });
}
