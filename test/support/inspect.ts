/**
 * What tests see of a kernel's records: the one place that knows how they are laid out.
 *
 * Snapshots, by value: what a view says is what was true when it was taken.
 */
import { type Addr, addr } from "../../src/atomics/address.ts";
import type { Machine } from "../../src/machine.ts";

export interface TaskView {
  /** A TASK_ constant. */
  readonly state: number;
  /** On a run queue, or current. */
  readonly queued: boolean;
  readonly cpu: number;
  readonly weight: number;
  readonly vruntime: number;
  /** ns it has had a CPU for, up to the last time that was accounted. */
  readonly execNs: number;
  readonly voluntarySwitches: number;
  readonly involuntarySwitches: number;
}

export function taskOf(machine: Machine, tid: number): TaskView {
  const { tasks, fair } = machine.kernel;
  return {
    state: tasks.state(tid),
    queued: fair.isQueued(tid),
    cpu: tasks.cpu(tid),
    weight: fair.weight(tid),
    vruntime: fair.vruntime(tid),
    execNs: fair.sumExec(tid),
    voluntarySwitches: tasks.voluntarySwitches(tid),
    involuntarySwitches: tasks.involuntarySwitches(tid),
  };
}

export function mayRunOn(machine: Machine, tid: number, cpu: number): boolean {
  return machine.kernel.tasks.allows(tid, cpu);
}

export function sharesLlc(machine: Machine, a: number, b: number): boolean {
  return machine.kernel.topology.shareCache(a, b);
}

export interface CpuView {
  /** Current task, 0 = idle. */
  readonly current: number;
  /** Runnable tasks, current included. */
  readonly running: number;
  /** Sum of their weights. */
  readonly load: number;
  /** Idle, and no wake-up on its way to it. */
  readonly idle: boolean;
  /** Smallest vruntime a task that wakes here is given. */
  readonly floor: number;
  readonly idleNs: number;
  readonly switches: number;
  readonly ipisSent: number;
  readonly ipisReceived: number;
  readonly ipisCoalesced: number;
}

export function cpuOf(machine: Machine, cpu: number): CpuView {
  const { cpus, fair } = machine.kernel;
  return {
    current: cpus.curr(cpu),
    running: fair.nrRunning(cpu),
    load: fair.load(cpu),
    idle: cpus.isIdle(cpu),
    floor: fair.minVruntime(cpu),
    idleNs: cpus.idleNs(cpu),
    switches: cpus.switches(cpu),
    ipisSent: cpus.ipisSent(cpu),
    ipisReceived: cpus.ipisReceived(cpu),
    ipisCoalesced: cpus.ipisCoalesced(cpu),
  };
}

export function cpusOf(machine: Machine): CpuView[] {
  return Array.from({ length: machine.kernel.cpus.count }, (_, cpu) => cpuOf(machine, cpu));
}

/** Numbers of the CPUs that are idle with nothing on its way to them. */
export function idleCpus(machine: Machine): number[] {
  return cpusOf(machine).flatMap(({ idle }, cpu) => (idle ? [cpu] : []));
}

/** First byte of user memory: addresses in a trace, less this, do not depend on the layout of the kernel region. */
export function userBase(machine: Machine): Addr {
  return machine.kernel.userBase;
}

/** An address in the kernel region: mapped for nobody. */
export function kernelAddress(machine: Machine): Addr {
  return addr(machine.kernel.userBase - 4096);
}

/** The first address behind user memory. */
export function userEnd(machine: Machine): Addr {
  return machine.kernel.userEnd;
}

export function peek(machine: Machine, a: Addr, length: number): number[] {
  return [...new Uint8Array(machine.kernel.buffer, a, length)];
}

export function poke(machine: Machine, a: Addr, bytes: readonly number[]): void {
  new Uint8Array(machine.kernel.buffer).set(bytes, a);
}
