/**
 * Signals, as far as blocking and wake-ups need them: pending bits, interruption of sleeps, handlers, death.
 *
 * Delivery happens at return to user mode (`exitToUserMode`), for each pending signal, lowest number first: ignored,
 * handled (the handler runs as part of the task, and may make system calls), or the default action, which is death for
 * all but SIGCHLD, SIGCONT, SIGURG and SIGWINCH. A masked signal stays pending, even an ignored one. Not modelled: queued siginfo,
 * process-wide signals, a signal masked by its own handler.
 */
import type { Coroutine } from "../atomics/step.ts";
import { TRACE_SIGNAL } from "../trace/events.ts";
import {
  NSIG,
  SIGCHLD,
  SIGCONT,
  SIGKILL,
  SIGURG,
  SIGWINCH,
  TASK_DEAD,
  TASK_INTERRUPTIBLE,
  TASK_NORMAL,
  TASK_WAKEKILL,
  TIF_SIGPENDING,
  TIF_UMCG,
} from "./constants.ts";
import { beforeExit, exitTask } from "./exit.ts";
import { YIELD_EXIT } from "./host.ts";
import { tid as toTid } from "./ids.ts";
import type { Kernel } from "./kernel.ts";
import { schedule } from "./schedule.ts";
import { IPI_RESCHEDULE, wakeCpu } from "./smp/mailbox.ts";
import { tryToWakeUp } from "./wakeup.ts";

/** A copy: V8 folds the constants of the same module only. */
const SIGNALLED: number = TIF_SIGPENDING;

/** Nothing is what they do unless somebody asks for more. */
const HARMLESS: readonly number[] = [SIGCHLD, SIGCONT, SIGURG, SIGWINCH];

/** Rounds of work a return to user mode may take: each sleeps or runs a handler, so many are a runaway. */
const MAX_EXIT_ROUNDS = 1 << 16;

export function isSignal(signal: number): boolean {
  return Number.isInteger(signal) && signal > 0 && signal < NSIG;
}

function disposition(
  { dispositions }: Kernel,
  tid: number,
  signal: number,
): "ignore" | "handled" | "default" | "fatal" {
  if (signal === SIGKILL) return "fatal";
  if (dispositions.isHandled(tid, signal)) return "handled";
  if (dispositions.isIgnored(tid, signal)) return "ignore";
  return HARMLESS.includes(signal) ? "default" : "fatal";
}

/** Makes `signal` pending on `tid` and interrupts its sleep. Ignored signals vanish here. Atomic. */
export function sendSignal(kernel: Kernel, tid: number, signal: number): void {
  const { tasks, trace } = kernel;
  if (tasks.state(tid) === TASK_DEAD) return;
  if (trace.on) kernel.emit(TRACE_SIGNAL, tid, signal, kernel.current);
  const action = disposition(kernel, tid, signal);
  const masked = (tasks.sigMask(tid) & (1 << signal)) !== 0;
  if (!masked && (action === "ignore" || action === "default")) return;
  tasks.addSigPending(tid, 1 << signal);
  if (masked) return;
  tasks.addWork(tid, TIF_SIGPENDING);
  // Behind the bit: a task on its way to sleep either is asleep for this look, or sees the bit as it is switched out.
  tasks.still(tid);
  kernel.cpus.setWakeStart(kernel.cpu, kernel.host.now);
  // SIGKILL also ends uninterruptible sleeps here: there is no other way out of them in this kernel.
  const fatal = action === "fatal" ? TASK_INTERRUPTIBLE | TASK_WAKEKILL : TASK_INTERRUPTIBLE;
  const mask = signal === SIGKILL ? TASK_NORMAL : fatal;
  if ((tasks.state(tid) & mask) !== 0) tryToWakeUp(kernel, tid, mask, 0);
  else kickTask(kernel, tid);
}

/**
 * kick_process(): if another CPU runs `tid` an IPI makes it pass its return-to-user path, where the task sees what it has to
 * do. No schedule().
 */
export function kickTask(kernel: Kernel, tid: number): void {
  const cpu = kernel.tasks.cpu(tid);
  if (tid === kernel.current || kernel.cpus.curr(cpu) !== tid || cpu === kernel.cpu) return;
  wakeCpu(kernel, cpu, IPI_RESCHEDULE);
}

/** Sets which signals the current task does not take for now; what was held back and no longer is, it takes next. */
export function setMask(kernel: Kernel, tid: number, mask: number): void {
  const { tasks } = kernel;
  tasks.setSigMask(tid, mask & ~(1 << SIGKILL));
  if ((tasks.sigPending(tid) & ~tasks.sigMask(tid)) !== 0) {
    tasks.addWork(tid, TIF_SIGPENDING);
  }
}

/** force_sig(): a synchronous fault of the current task. Ignored or masked it is fatal; a handler is honoured. */
export function forceSignal(kernel: Kernel, tid: number, signal: number): void {
  const masked = (kernel.tasks.sigMask(tid) & (1 << signal)) !== 0;
  if (masked || disposition(kernel, tid, signal) === "ignore") kernel.dispositions.reset(tid, signal);
  kernel.tasks.setSigMask(tid, kernel.tasks.sigMask(tid) & ~(1 << signal));
  sendSignal(kernel, tid, signal);
}

export function signalPending(kernel: Kernel, tid: number): boolean {
  return (kernel.tasks.work(tid) & SIGNALLED) !== 0;
}

/** Will a pending signal kill the task? */
export function fatalSignalPending(kernel: Kernel, tid: number): boolean {
  if (!signalPending(kernel, tid)) return false;
  const taken = kernel.tasks.sigPending(tid) & ~kernel.tasks.sigMask(tid);
  for (let signal = 1; signal < NSIG; signal++) {
    if ((taken & (1 << signal)) !== 0 && disposition(kernel, tid, signal) === "fatal") return true;
  }
  return false;
}

/** Is there anything to do before `tid` may run user code? Cheap; asked at the end of every system call. */
export function hasExitWork(kernel: Kernel, tid: number): boolean {
  return kernel.tasks.work(tid) !== 0 || kernel.cpus.needResched(kernel.cpu) !== 0;
}

/** exit_to_user_mode_loop(): reschedules and delivers signals until nothing is left to do. May not return. */
export function* exitToUserMode(kernel: Kernel, tid: number): Coroutine<void> {
  for (let round = 0; hasExitWork(kernel, tid); round++) {
    if (round === MAX_EXIT_ROUNDS) throw new Error(`kernel bug: task ${tid} cannot return to user mode`);
    if (kernel.cpus.needResched(kernel.cpu) !== 0) yield* schedule(kernel, tid);
    // Before any handler: a worker that may not run user code yet may not run a handler either.
    if ((kernel.tasks.work(tid) & TIF_UMCG) !== 0) yield* kernel.hooks.resume(toTid(tid));
    if (signalPending(kernel, tid)) yield* deliverSignals(kernel, tid);
  }
}

function* deliverSignals(kernel: Kernel, tid: number): Coroutine<void> {
  const { tasks } = kernel;
  kernel.host.alone();
  tasks.dropWork(tid, TIF_SIGPENDING);
  for (let signal = 1; signal < NSIG; signal++) {
    if ((tasks.sigPending(tid) & ~tasks.sigMask(tid) & (1 << signal)) === 0) continue;
    tasks.setSigPending(tid, tasks.sigPending(tid) & ~(1 << signal));
    const action = disposition(kernel, tid, signal);
    if (action === "fatal") {
      yield* beforeExit(kernel, tid);
      exitTask(kernel, tid, 0, signal);
      yield YIELD_EXIT;
    }
    if (action === "handled") yield* handle(kernel, tid, signal);
  }
}

/** The handler is user code: it runs in user mode, between two parts of the way there. */
function* handle(kernel: Kernel, tid: number, signal: number): Coroutine<void> {
  kernel.host.leaveKernel();
  yield* kernel.dispositions.handler(tid, signal)(signal);
  kernel.host.enterKernel();
}
