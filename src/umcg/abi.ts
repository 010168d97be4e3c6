/**
 * The user ABI of UMCG v0.3: struct layout, states, flags, constants. Numbers and names are those of the posting's
 * include/uapi/linux/umcg.h; meanings are told in docs/umcg.md.
 *
 * struct umcg_task: 64 bytes, aligned to 64. Every field may be written by user space at any time.
 *
 * | offset | bytes | field            | kernel | meaning                                                               |
 * |--------|-------|------------------|--------|-----------------------------------------------------------------------|
 * | 0      | 4     | state            | r/w    | bits 0-7 state, 8-15 flags, 16-23 reserved, 24-31 the user's           |
 * | 4      | 4     | api_version      | r      | 1, set before registration                                            |
 * | 8      | 4     | server_tid       | r      | worker: its attached server or 0. Server: its own tid                 |
 * | 12     | 4     | next_tid         | r      | whom sys_umcg_wait wakes or switches to; 0 = nobody                   |
 * | 16     | 8     | idle_servers_ptr | r/w    | worker: address of the list head, may be 0. Server: its node           |
 * | 24     | 8     | idle_workers_ptr | r/w    | worker: address of the list head; once enqueued, its node             |
 */
import { type Addr, offsetBy } from "../atomics/address.ts";

export const UMCG_TASK_SIZE = 64;
export const UMCG_TASK_ALIGN = 64;

export const UMCG_STATE_OFFSET = 0;
export const UMCG_API_VERSION_OFFSET = 4;
export const UMCG_SERVER_TID_OFFSET = 8;
export const UMCG_NEXT_TID_OFFSET = 12;
export const UMCG_IDLE_SERVERS_OFFSET = 16;
export const UMCG_IDLE_WORKERS_OFFSET = 24;

export const UMCG_TASK_NONE = 0;
export const UMCG_TASK_RUNNING = 1;
export const UMCG_TASK_IDLE = 2;
export const UMCG_TASK_BLOCKED = 3;
export const UMCG_TF_STATE_MASK = 0xff;

/** Worker flag: block and wake detection are off, as under preempt_disable(). Cleared by a wait that sleeps. */
export const UMCG_TF_LOCKED = 0x100;
/**
 * Worker flag, set by user space on a RUNNING worker before it kicks it: off the CPU at the next return to user mode. From
 * v0.4 on; profile `hardened`.
 */
export const UMCG_TF_PREEMPTED = 0x200;
/**
 * Worker flag, set by the kernel on a worker that it puts on the idle worker list, but when it registers: so that a worker
 * that waits of its own accord, IDLE, cannot be taken for one that woke up. Whoever runs the worker clears it. Profile
 * `hardened` only.
 */
export const UMCG_TF_LISTED = 0x400;

export const UMCG_CTL_REGISTER = 0x00001;
export const UMCG_CTL_UNREGISTER = 0x00002;
export const UMCG_CTL_WORKER = 0x10000;

/** Wake next_tid and return. */
export const UMCG_WAIT_WAKE_ONLY = 1;
/** With WAKE_ONLY: pull the wakee onto this CPU. */
export const UMCG_WAIT_WF_CURRENT_CPU = 2;

/** The only API version; registering with another returns it. */
export const UMCG_API_VERSION = 1;

// Copies: V8 folds the constants of the same module only, and three of these are looked up at each system call.
const STATE: number = UMCG_STATE_OFFSET;
const SERVER_TID: number = UMCG_SERVER_TID_OFFSET;
const NEXT_TID: number = UMCG_NEXT_TID_OFFSET;

/** Addresses of the fields of the record at `task`. */
export function stateOf(task: Addr): Addr {
  return (task + STATE) as Addr;
}
/** Address of the word with the API version of the record at `task`. */
export function apiVersionOf(task: Addr): Addr {
  return offsetBy(task, UMCG_API_VERSION_OFFSET);
}
/** Address of the word that names the server of the worker at `task`. */
export function serverTidOf(task: Addr): Addr {
  return (task + SERVER_TID) as Addr;
}
/** Address of the word that names whom umcg_wait switches to. */
export function nextTidOf(task: Addr): Addr {
  return (task + NEXT_TID) as Addr;
}
/** Address of the node of the idle server list, or of its head, 64 bits. */
export function idleServersOf(task: Addr): Addr {
  return offsetBy(task, UMCG_IDLE_SERVERS_OFFSET);
}
/** Address of the node of the idle worker list, or of its head, 64 bits. */
export function idleWorkersOf(task: Addr): Addr {
  return offsetBy(task, UMCG_IDLE_WORKERS_OFFSET);
}
/** The record whose idle_servers_ptr (or idle_workers_ptr) field is the list node `node`. */
export function taskOfServerNode(node: Addr): Addr {
  return offsetBy(node, -UMCG_IDLE_SERVERS_OFFSET);
}
export function taskOfWorkerNode(node: Addr): Addr {
  return offsetBy(node, -UMCG_IDLE_WORKERS_OFFSET);
}
