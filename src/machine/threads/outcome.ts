/** What a run on real threads comes to: its figures, or the error that it ends with. */
import {
  LOCK_BUCKET,
  LOCK_EPOLL,
  LOCK_FILE,
  LOCK_OBJECTS,
  LOCK_QUEUE,
} from "../../hosts/threads/vcpu/lock-order.ts";
import { COUNT_ALONE, LockWords } from "../../hosts/threads/vcpu/lock-words.ts";
import type { OrderedEvent } from "../../hosts/threads/vcpu/ordered-ring.ts";
import type { VcpuWords } from "../../hosts/threads/vcpu/words.ts";
import { deadlockMessage, describeWaiters, type Waiter } from "../../kernel-sim/deadlock.ts";
import { MachineError, type MachineErrorCode } from "../../kernel-sim/errors.ts";
import type { Kernel } from "../../kernel-sim/kernel.ts";
import { OUTSIDE, STOP_EMERGENCY, STOP_NOT, STOP_ORDERLY } from "../../kernel-sim/smp/stop.ts";
import { type LockResult, type ThreadRunResult, TRACE_EVENTS } from "./config.ts";
import type { Failure } from "./messages.ts";

export function runResult({ cpus, smp }: Kernel, shared: VcpuWords, ns: number): ThreadRunResult {
  const locks = lockResult(new LockWords(shared));
  const sections = locks.shared.acquired + locks.alone.acquired;
  const result = { ns, switches: 0, ipis: 0, ipisCoalesced: 0, sections, locks };
  const wakeNs: number[] = [];
  for (let cpu = 0; cpu < smp.count; cpu++) {
    result.switches += cpus.switches(cpu);
    result.ipis += cpus.ipisSent(cpu);
    result.ipisCoalesced += cpus.ipisCoalesced(cpu);
    wakeNs.push(shared.wakeNs(cpu));
  }
  return { ...result, wakeNs };
}

/** Of the rings of all CPUs: one that is full has lost what was before its first event. */
export function keptFromNs(
  rings: readonly (readonly OrderedEvent[] | undefined)[],
  room: number = TRACE_EVENTS,
): number {
  const full = rings.filter((events) => events !== undefined && events.length >= room);
  return Math.max(0, ...full.map((events) => events![0]!.timeNs));
}

function lockResult(words: LockWords): LockResult {
  return {
    overlaps: words.overlaps,
    alone: words.counts(COUNT_ALONE),
    shared: words.counts(LOCK_OBJECTS),
    epolls: words.counts(LOCK_EPOLL),
    files: words.counts(LOCK_FILE),
    buckets: words.counts(LOCK_BUCKET),
    queues: words.counts(LOCK_QUEUE),
  };
}

export function late(list: readonly Waiter[], timeoutMs: number): MachineError {
  return new MachineError(
    "ERR_RUN_LIMIT",
    `${list.length === 1 ? "1 task is" : `${list.length} tasks are`} left after ${timeoutMs} ms\n${describeWaiters(list)}`,
  );
}

export function deadlock(list: readonly Waiter[]): MachineError {
  return new MachineError("ERR_DEADLOCK", deadlockMessage(list));
}

/** What becomes of a run in which the machine was stopped before its tasks had ended; undefined: it was not, or by a task. */
export function stopped({ smp, record, live }: Kernel): MachineError | undefined {
  if (smp.stopHow === STOP_EMERGENCY) return new MachineError("ERR_PANIC", `panic: ${record.stopReason}`);
  const outside = smp.stopHow === STOP_ORDERLY && smp.stopOwner === OUTSIDE;
  return outside && live > 0 ? new MachineError("ERR_HALTED", "the machine has been stopped") : undefined;
}

/** A second run. */
export function again({ smp }: Kernel): MachineError {
  if (smp.stopHow === STOP_NOT) return new MachineError("ERR_RUNNING", "the machine has been run");
  return new MachineError("ERR_HALTED", "the machine has been stopped");
}

/** What a CPU has failed with. Errors of the kernel that have no code of their own are ERR_HOST. */
export function errorOf({ code, message, cause, stack }: Failure, cpu: number): MachineError {
  const known = code?.startsWith("ERR_") === true;
  const error = new MachineError((known ? code : "ERR_HOST") as MachineErrorCode, message, { cause });
  error.stack = `${stack}\n    on CPU ${cpu}`;
  return error;
}
