/** Host threads: blocking JavaScript threads on few CPUs. The entry `umcg/threads`, for who spawns them and for themselves. */

export { createThreads } from "./create-threads.ts";
export {
  blocking,
  call,
  cancel,
  cpu,
  cpuTimeNs,
  isCancelled,
  join,
  kick,
  park,
  safepoint,
  sleep,
  spawn,
  switchTo,
  threadId,
  unpark,
  yieldNow,
} from "./current.ts";
export {
  acquire,
  close,
  lock,
  type Received,
  receive,
  release,
  send,
  tryLock,
  unlock,
  values,
} from "./current-sync.ts";
export * from "./errors.ts";
export type { HostThreads } from "./host-threads.ts";
export type { JobSpec } from "./jobs.ts";
export type { WaitReason } from "./layout.ts";
export type { HostThreadsOptions } from "./options.ts";
export type { PolicyModule, PolicyName, PolicySizes, ThreadPolicy } from "./policy.ts";
export { type CpuReport, formatReport, type ThreadReport, type ThreadsReport } from "./snapshot.ts";
export type { ThreadHandle } from "./thread-handle.ts";
