/**
 * Host tasks as their CPU has them: it lends the turn to a task's thread, waits for it, and hears of what the thread did meanwhile.
 *
 * While a thread computes its CPU is its CPU, in user mode: the CPU's Worker sleeps on its attention word, without the kernel's
 * lock. An interrupt is taken by that Worker at once, beside the thread, which has no part in it. Only what the task itself has
 * to do, on its way to user mode, needs the thread to come in: a reschedule, a preemption, a signal. Then `want` is set, and the
 * thread comes at its next system call, access to memory or safepoint. To be killed it need not come: its Worker is ended, and the
 * task dies when that is gone, so that nobody else has the CPU before.
 *
 * A blocking call is a sleep of the task, in the kernel as any other: UMCG's block detection sees it. Its end is an interrupt of
 * the task's CPU, which wakes the task. Events are not told by an interrupt line: those are raised under the kernel's lock, which
 * a thread has no part in; a bit in the CPU's attention word is enough.
 *
 * A stop does not wait for threads that compute: the CPU stops, and the thread comes to its end with its Worker.
 */
import type { Coroutine } from "../../../atomics/step.ts";
import {
  NR_IOCTL,
  SIGKILL,
  TASK_KILLABLE,
  TASK_NORMAL,
  TASK_RUNNING,
  WAIT_HOST_THREAD,
} from "../../../kernel-sim/constants.ts";
import type { Tid } from "../../../kernel-sim/ids.ts";
import { DESCHEDULE, schedule } from "../../../kernel-sim/schedule.ts";
import { exitToUserMode, fatalSignalPending, hasExitWork, sendSignal } from "../../../kernel-sim/signals.ts";
import { CPU_STOPPING } from "../../../kernel-sim/smp/cpu-state.ts";
import { sysEnter, sysExit } from "../../../kernel-sim/syscalls/entry.ts";
import { setTaskState } from "../../../kernel-sim/task-state.ts";
import { tryToWakeUp } from "../../../kernel-sim/wakeup.ts";
import type { VcpuHost } from "./host.ts";
import {
  ACTIVITY_ENDED,
  EVENT_DONE,
  EVENT_GONE,
  type HostTaskWords,
  TURN_GONE,
  TURN_KERNEL,
  TURN_USER,
} from "./host-task-words.ts";
import { ATT_TURN } from "./words.ts";

/** The longest sleep while a thread computes. */
const LOOK_NS = 1e9;

export class HostTasks {
  readonly words: HostTaskWords;
  readonly #host: VcpuHost;
  /** Asks main to end the Worker of a slot. */
  readonly #end: (slot: number) => void;
  /** By tid: the slots of tasks that are at home here. */
  readonly #slots: Map<number, number> = new Map();

  constructor(host: VcpuHost, words: HostTaskWords, end: (slot: number) => void) {
    this.#host = host;
    this.words = words;
    this.#end = end;
  }

  /** The task of `slot` begins, on the executing CPU. */
  begin(slot: number, tid: Tid): void {
    this.#slots.set(tid, slot);
    this.words.setHome(slot, this.#host.cpu);
    this.words.setTid(slot, tid);
  }

  /** A task has exited. Its thread, if it has one that has not come to its end, will never have a turn again. */
  ended(tid: number): void {
    const slot = this.#slots.get(tid);
    if (slot === undefined) return;
    const { words } = this;
    this.#slots.delete(tid);
    words.setTid(slot, 0);
    words.setBlocks(slot, false);
    if (words.activity(slot) === ACTIVITY_ENDED) words.free(slot);
    else if (words.turn(slot) !== TURN_GONE) this.#doom(slot);
  }

  #doom(slot: number): void {
    this.words.doom(slot);
    this.#end(slot);
  }

  /** Lets the thread of `slot` compute until it comes back. In user mode. Does not return when its Worker is gone. */
  *lend(slot: number, tid: Tid): Coroutine<void> {
    const { words } = this;
    const { shared, cpu } = this.#host;
    const attention = shared.attentionWord(cpu);
    const lent = words.give(slot, TURN_KERNEL, TURN_USER);
    let ending = false;
    // Bounded by the thread, which comes back or dies; a CPU that stops leaves by `#look`.
    while (lent && words.turn(slot) === TURN_USER) {
      Atomics.and(shared.words, attention, ~ATT_TURN);
      if (words.turn(slot) !== TURN_USER) break;
      if (shared.attention(cpu) !== 0 || this.#host.deadlineNs <= this.#host.now) {
        const killed = yield* this.#look(slot, tid);
        if (killed && !ending) this.#doom(slot);
        ending ||= killed;
      } else this.#sleep();
    }
    words.setWant(slot, false);
    // One that had come to its end before has left its result.
    if (words.turn(slot) === TURN_GONE && words.activity(slot) !== ACTIVITY_ENDED) yield* this.die(tid);
  }

  /** Takes what has come for the CPU. True: the task is to die. */
  *#look(slot: number, tid: Tid): Coroutine<boolean> {
    const host = this.#host;
    const { kernel } = host;
    host.enterKernel();
    host.interrupts.serve();
    // Where the CPU holds nothing, whatever the thread does.
    if (kernel.smp.state(host.cpu) === CPU_STOPPING) yield* DESCHEDULE;
    const killed = fatalSignalPending(kernel, tid);
    if (hasExitWork(kernel, tid)) this.words.setWant(slot, true);
    host.leaveKernel();
    return killed;
  }

  #sleep(): void {
    const { shared, cpu, deadlineNs, now } = this.#host;
    shared.setSleeping(cpu, true);
    const ms = Math.min(Math.max(0, deadlineNs - now), LOOK_NS) / 1e6;
    Atomics.wait(shared.words, shared.attentionWord(cpu), 0, ms);
    shared.setSleeping(cpu, false);
  }

  /** The thread has come in: the task does what it has to do on its way to user mode. */
  comeIn(): Coroutine<void> {
    return this.#host.border();
  }

  /** The thread has gone without a word: so does its task, as if killed. In user mode. */
  *die(tid: Tid): Coroutine<never> {
    const { kernel } = this.#host;
    this.#host.enterKernel();
    sendSignal(kernel, tid, SIGKILL);
    yield* exitToUserMode(kernel, tid);
    throw new Error(`kernel bug: task ${tid} has survived its thread`);
  }

  /** A blocking call of the thread, which goes on beside, or its start: sleeps until it is over. 0. */
  *block(slot: number): Coroutine<number> {
    const { kernel } = this.#host;
    const { tasks } = kernel;
    const { words } = this;
    const tid = sysEnter(kernel, NR_IOCTL, slot);
    yield* kernel.host.sync();
    words.setBlocks(slot, true);
    // Bounded by the call: a turn more when a wake-up comes for no reason.
    for (;;) {
      tasks.setWaitReason(tid, WAIT_HOST_THREAD);
      tasks.setWaitOn(tid, slot);
      setTaskState(kernel, tid, TASK_KILLABLE);
      // What is said behind this look finds the task asleep, or on its way, and wakes it.
      if (words.isDone(slot) || words.turn(slot) === TURN_GONE || fatalSignalPending(kernel, tid)) break;
      yield* schedule(kernel, tid);
    }
    setTaskState(kernel, tid, TASK_RUNNING);
    words.setBlocks(slot, false);
    words.setDone(slot, false);
    if (hasExitWork(kernel, tid)) yield* exitToUserMode(kernel, tid);
    return sysExit(kernel, tid, NR_IOCTL, 0);
  }

  /** In an interrupt: takes what threads and main have said. */
  arrive(): void {
    const { kernel } = this.#host;
    const { words } = this;
    for (let slot = 0; slot < words.used; slot++) {
      const event = words.takeEvent(slot);
      const tid = words.tid(slot);
      if (event === 0 || tid === 0) continue;
      kernel.cpus.setWakeStart(kernel.cpu, kernel.host.now);
      if ((event & EVENT_DONE) !== 0 && words.blocks(slot)) tryToWakeUp(kernel, tid, TASK_NORMAL, 0);
      if ((event & EVENT_GONE) !== 0) sendSignal(kernel, tid, SIGKILL);
    }
  }
}
