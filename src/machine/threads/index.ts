/** Machines on real threads: the entry `umcg/threads-host`. */
export * from "./config.ts";
export type { HostCalls } from "./host-tasks/calls.ts";
export {
  blocking,
  cpu,
  memory,
  now,
  safepoint,
  say,
  spawnHost,
  sys,
  tid,
  work,
  worker,
} from "./host-tasks/current.ts";
export { HostTaskError, type HostTaskErrorCode, HostThreadDiedError } from "./host-tasks/errors.ts";
export type { HostDeath } from "./host-tasks/host-workers.ts";
export type { HostOptions, HostSpec, HostTaskOptions } from "./host-tasks/jobs.ts";
export {
  PROGRAM_HOSTS,
  type ProgramHost,
  type ProgramMachine,
  type ProgramOptions,
  type ProgramResult,
  runProgram,
} from "./run-program.ts";
export type { SetUp, SetUpFunction } from "./set-up.ts";
export { createThreadMachine, ThreadMachine } from "./thread-machine.ts";
