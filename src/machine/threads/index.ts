/** Machines on real threads: the entry `umcg/threads-host`. */
export * from "./config.ts";
export type { SetUp, SetUpFunction } from "./set-up.ts";
export { createThreadMachine, ThreadMachine } from "./thread-machine.ts";
