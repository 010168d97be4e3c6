/**
 * Errors a user of a machine can meet. Each has a stable `code`; the message names the bad value or the task.
 *
 * | code                     | when                                                                              |
 * |--------------------------|-----------------------------------------------------------------------------------|
 * | ERR_CONFIG               | a configuration value is not usable                                               |
 * | ERR_DEADLOCK             | nothing runnable, no timer armed, tasks waiting                                   |
 * | ERR_PROGRAM              | what a task is to run is no generator: its program is `async`, or a plain function |
 * | ERR_PROGRAM_THREW        | a program threw; `cause` is what it threw                                         |
 * | ERR_RETURNED_REGISTERED  | a program returned while its task was registered with umcg_ctl                    |
 * | ERR_TASK_LIMIT           | more tasks than `maxTasks`                                                        |
 * | ERR_TIMER_LIMIT          | more timers of devices than `maxTimers`                                           |
 * | ERR_USER_MEMORY          | the user region is used up                                                        |
 * | ERR_FOREIGN_YIELD        | a program yielded something that is not a step                                    |
 * | ERR_STEP                 | a stepper was asked for something the task cannot do now                          |
 * | ERR_LEAK                 | an explored execution ended, and something was not given back                      |
 * | ERR_RUN_LIMIT            | a run passed the limit it was given                                               |
 * | ERR_BOOT                 | the boot CPU did not come up                                                      |
 * | ERR_HALTED               | the machine was stopped and is asked for more                                     |
 * | ERR_RUNNING              | the machine is running already                                                    |
 * | ERR_DISPOSED             | the machine has been disposed of                                                  |
 * | ERR_PANIC                | the kernel stopped the machine in an emergency; the message says why              |
 * | ERR_TIME                 | a time is none, or too long; or virtual time has come to its end (times.ts)       |
 * | ERR_HOST                 | the host refused, again and again, what the kernel cannot do without              |
 * | ERR_IMAGE                | an image has no such function, or sets up otherwise on one CPU than on another     |
 * | ERR_LOCK_ORDER           | the kernel took a lock out of order, or touched something without its lock: which   |
 * | ERR_INVARIANT            | `check` found a broken invariant: its number, the words, the last events         |
 */
import { unknownOption } from "../diagnostics/known-options.ts";

export type MachineErrorCode =
  | "ERR_CONFIG"
  | "ERR_DEADLOCK"
  | "ERR_PROGRAM"
  | "ERR_PROGRAM_THREW"
  | "ERR_RETURNED_REGISTERED"
  | "ERR_TASK_LIMIT"
  | "ERR_TIMER_LIMIT"
  | "ERR_USER_MEMORY"
  | "ERR_FOREIGN_YIELD"
  | "ERR_STEP"
  | "ERR_LEAK"
  | "ERR_RUN_LIMIT"
  | "ERR_BOOT"
  | "ERR_HALTED"
  | "ERR_RUNNING"
  | "ERR_DISPOSED"
  | "ERR_PANIC"
  | "ERR_TIME"
  | "ERR_HOST"
  | "ERR_INVARIANT"
  | "ERR_IMAGE"
  | "ERR_LOCK_ORDER";

/** What a machine throws or rejects with; `code` is stable. */
export class MachineError extends Error {
  readonly code: MachineErrorCode;
  constructor(code: MachineErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "MachineError";
    this.code = code;
  }
}

/** Throws ERR_CONFIG for an option that there is none of, naming the one that was meant. `of`: where it stands, if not at the top. */
export function checkNames(options: object, known: Readonly<Record<string, true>>, of = ""): void {
  const unknown = unknownOption(options, known);
  if (unknown !== undefined) throw new MachineError("ERR_CONFIG", of === "" ? unknown : `${of}: ${unknown}`);
}

/** For preconditions inside the kernel: a failure is a bug of this project, never of its user. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`kernel bug: ${message}`);
}
