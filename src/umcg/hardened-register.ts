/**
 * Profile `hardened`: registration.
 *
 * As in v0.3, and refused with -EINVAL rather than answered with a signal: a worker without a list head. Stricter: the
 * record must be aligned to its 64 bytes, so that it lies in one page, which is pinned until the task goes (F17, F21); the
 * head and the idle server list must be words. Looser: user bits in the state word are the user's (F20).
 */
import { type Addr, addr } from "../atomics/address.ts";
import { EFAULT, EINVAL } from "../atomics/errno.ts";
import type { Coroutine } from "../atomics/step.ts";
import type { Kernel } from "../kernel-sim/kernel.ts";
import {
  UMCG_API_VERSION,
  UMCG_API_VERSION_OFFSET,
  UMCG_CTL_REGISTER,
  UMCG_CTL_WORKER,
  UMCG_IDLE_SERVERS_OFFSET,
  UMCG_IDLE_WORKERS_OFFSET,
  UMCG_NEXT_TID_OFFSET,
  UMCG_SERVER_TID_OFFSET,
  UMCG_STATE_OFFSET,
  UMCG_TASK_ALIGN,
  UMCG_TASK_IDLE,
  UMCG_TASK_RUNNING,
  UMCG_TASK_SIZE,
} from "./abi.ts";
import type { TaskSide } from "./task-side.ts";

/** What the kernel defines of a state word: all but the user's bits. */
const KERNEL_BITS = 0x00ff_ffff;

/** sys_umcg_ctl(REGISTER): 0, -EINVAL, -EFAULT, or the supported version. A worker is not listed yet. */
export function* register(
  kernel: Kernel,
  task: TaskSide,
  tid: number,
  flags: number,
  self: Addr,
): Coroutine<number> {
  const { tasks, access, pages } = kernel;
  const kind = flags & ~UMCG_CTL_REGISTER;
  if ((flags & UMCG_CTL_REGISTER) === 0 || (kind !== 0 && kind !== UMCG_CTL_WORKER)) return -EINVAL;
  if (tasks.umcgTask(tid) !== 0 || self % UMCG_TASK_ALIGN !== 0) return -EINVAL;
  const copy = new Uint8Array(UMCG_TASK_SIZE);
  // The kernel is going to write: a record that it may only read is of no use.
  if ((yield* access.faultInForWrite(self, UMCG_TASK_SIZE)) < 0) return -EFAULT;
  if ((yield* access.copyFromUser(self, copy)) < 0) return -EFAULT;
  const word = (at: number): number => wordAt(copy, at);
  if (word(UMCG_API_VERSION_OFFSET) !== UMCG_API_VERSION) return UMCG_API_VERSION;
  if (word(UMCG_SERVER_TID_OFFSET) !== 0 || word(UMCG_NEXT_TID_OFFSET) !== 0) return -EINVAL;
  const worker = kind === UMCG_CTL_WORKER;
  if ((word(UMCG_STATE_OFFSET) & KERNEL_BITS) !== (worker ? UMCG_TASK_IDLE : UMCG_TASK_RUNNING))
    return -EINVAL;
  if (worker) {
    const head = pointerAt(copy, UMCG_IDLE_WORKERS_OFFSET);
    const servers = pointerAt(copy, UMCG_IDLE_SERVERS_OFFSET);
    if (head === 0 || head % 8 !== 0 || servers % 8 !== 0) return -EINVAL;
    tasks.setUmcgHead(tid, addr(head));
    task.setWorker(tid);
  }
  tasks.setUmcgTask(tid, self);
  pages.pin(self);
  return 0;
}

/** Little-endian. Not by a DataView: its buffer, outside V8's heap, costs more than the rest of a registration. */
function wordAt(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}

function pointerAt(bytes: Uint8Array, at: number): number {
  return wordAt(bytes, at) + wordAt(bytes, at + 4) * 2 ** 32;
}
