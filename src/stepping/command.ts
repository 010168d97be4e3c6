/** What a stepped task can be told to do, and how it does it. */
import type { Addr } from "../atomics/address.ts";
import { EINTR } from "../atomics/errno.ts";
import type { Coroutine } from "../atomics/step.ts";
import {
  TASK_INTERRUPTIBLE,
  TASK_RUNNING,
  TASK_UNINTERRUPTIBLE,
  WAIT_STEPPED,
} from "../kernel-sim/constants.ts";
import type { Kernel } from "../kernel-sim/kernel.ts";
import { schedule } from "../kernel-sim/schedule.ts";
import { exitToUserMode, hasExitWork, signalPending } from "../kernel-sim/signals.ts";
import { setTaskState } from "../kernel-sim/task-state.ts";
import type { Env } from "../umcg/env.ts";

/** Something for a stepped task to do: one call or access. */
export type Command =
  /** sys_umcg_ctl(flags, self). */
  | { readonly do: "umcg_ctl"; readonly flags: number; readonly self: Addr }
  /** sys_umcg_wait(flags, absTimeoutNs). */
  | { readonly do: "umcg_wait"; readonly flags: number; readonly absTimeoutNs?: number }
  /** sys_umcg_kick(flags, tid). */
  | { readonly do: "umcg_kick"; readonly flags?: number; readonly tid: number }
  /** Any other system call, as a coroutine. */
  | { readonly do: "call"; readonly call: (env: Env) => Coroutine<number> }
  /** Enters the kernel and sleeps once, for whatever wakes it. 0, or -EINTR (interruptible, and a signal is pending). */
  | { readonly do: "block"; readonly interruptible?: boolean }
  /** An interrupt finds that somebody else should run: schedule() on the way back to user mode. */
  | { readonly do: "reschedule" }
  /** An interrupt with nothing to do but signals. */
  | { readonly do: "interrupt" }
  | { readonly do: "exit"; readonly code?: number };

/** Does a command as the task of `env`. Returns its result. */
export function* perform(kernel: Kernel, env: Env, command: Command): Coroutine<number> {
  switch (command.do) {
    case "umcg_ctl":
      return yield* env.umcg.ctl(command.flags, command.self);
    case "umcg_wait":
      return yield* env.umcg.wait(command.flags, command.absTimeoutNs ?? 0);
    case "umcg_kick":
      return yield* env.umcg.kick(command.flags ?? 0, command.tid);
    case "call":
      return yield* command.call(env);
    case "block":
      return yield* block(kernel, env.tid, command.interruptible ?? false);
    case "reschedule":
      kernel.cpus.setNeedResched(kernel.cpu, 1);
      yield* exitToUserMode(kernel, env.tid);
      return 0;
    case "interrupt":
      if (hasExitWork(kernel, env.tid)) yield* exitToUserMode(kernel, env.tid);
      return 0;
    case "exit":
      return yield* env.sys.exit(command.code ?? 0);
  }
}

function* block(kernel: Kernel, tid: number, interruptible: boolean): Coroutine<number> {
  kernel.tasks.setWaitReason(tid, WAIT_STEPPED);
  kernel.tasks.setWaitOn(tid, 0);
  setTaskState(kernel, tid, interruptible ? TASK_INTERRUPTIBLE : TASK_UNINTERRUPTIBLE);
  yield* schedule(kernel, tid);
  setTaskState(kernel, tid, TASK_RUNNING);
  const result = interruptible && signalPending(kernel, tid) ? -EINTR : 0;
  if (hasExitWork(kernel, tid)) yield* exitToUserMode(kernel, tid);
  return result;
}
