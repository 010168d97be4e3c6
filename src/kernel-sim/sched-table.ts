/** How each task asked to be scheduled: policy, nice level, real-time priority. What the classes make of it is theirs. */
import type { Arena } from "./arena.ts";

/** Policies by their Linux number; 4 and 6 (SCHED_DEADLINE) are not modelled. */
export const SCHED_NORMAL = 0;
export const SCHED_FIFO = 1;
export const SCHED_RR = 2;
export const SCHED_BATCH = 3;
export const SCHED_IDLE = 5;

export type SchedPolicy = "normal" | "fifo" | "rr" | "batch" | "idle";

const NUMBERS: Readonly<Record<SchedPolicy, number>> = {
  normal: SCHED_NORMAL,
  fifo: SCHED_FIFO,
  rr: SCHED_RR,
  batch: SCHED_BATCH,
  idle: SCHED_IDLE,
};

export const SCHED_POLICIES = Object.keys(NUMBERS) as readonly SchedPolicy[];

export function policyNumber(policy: SchedPolicy): number {
  return NUMBERS[policy];
}
export function policyName(policy: number): SchedPolicy {
  return SCHED_POLICIES.find((name) => NUMBERS[name] === policy)!;
}
export function isRealtime(policy: number): boolean {
  return policy === SCHED_FIFO || policy === SCHED_RR;
}

export class SchedTable {
  /** Four bytes a task. */
  readonly #bytes: Int8Array;

  constructor(arena: Arena, maxTasks: number) {
    const bytes = arena.uint8((maxTasks + 1) << 2);
    this.#bytes = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** SCHED_ policy. */
  policy(tid: number): number {
    return this.#bytes[tid << 2]!;
  }
  nice(tid: number): number {
    return this.#bytes[(tid << 2) | 1]!;
  }
  /** 1 to 99, greater runs first; 0 = none. */
  priority(tid: number): number {
    return this.#bytes[(tid << 2) | 2]!;
  }
  /** Written by whoever holds the run-queue lock of the task's CPU. */
  set(tid: number, policy: number, nice: number, priority: number): void {
    this.#bytes[tid << 2] = policy;
    this.#bytes[(tid << 2) | 1] = nice;
    this.#bytes[(tid << 2) | 2] = priority;
  }
}
