/**
 * Who is a server, who is a worker, and which of them have nothing to do: read off the trace.
 *
 * A task becomes one or the other by `umcg_ctl`, whose flags are the first argument that SYS_ENTER records. A server is *idle*
 * while it sleeps in a `umcg_wait` in which it woke nobody: one that did has handed its CPU to a worker. A worker is *idle*
 * while it sleeps for the reason of the wake hook: it woke up and is on the idle worker list until a server runs it.
 *
 * The trace knows no system call and no flag by number (names.ts), so they are handed in. Rejected: state words, of which the
 * trace has only the changes that the kernel makes.
 */
import {
  TRACE_SCHED_SWITCH,
  TRACE_SCHED_WAKING,
  TRACE_SYS_ENTER,
  TRACE_SYS_EXIT,
  TRACE_TASK_EXIT,
} from "./events.ts";

/** The numbers by which UMCG is recognised in a trace. */
export interface UmcgNumbers {
  /** System calls. */
  readonly ctl: number;
  readonly wait: number;
  /** Flags of `umcg_ctl`. */
  readonly register: number;
  readonly unregister: number;
  readonly worker: number;
  /** Wait reason of a worker on the idle worker list. */
  readonly idleReason: number;
}

export const ROLE_TASK = 0;
export const ROLE_SERVER = 1;
export const ROLE_WORKER = 2;

/** What is known of one task. */
interface Member {
  role: number;
  /** What a registration under way will make it if it succeeds. */
  wanted: number;
  /** In a umcg_wait. */
  waiting: boolean;
  /** Woke somebody in that call. */
  handedOver: boolean;
  idle: boolean;
}

/** Follows a trace; ask after each event. */
export class UmcgRoles {
  readonly #numbers: UmcgNumbers | undefined;
  readonly #members: Map<number, Member> = new Map();
  #idleServers = 0;
  #idleWorkers = 0;

  /** Without numbers everybody is a plain task. */
  constructor(numbers: UmcgNumbers | undefined) {
    this.#numbers = numbers;
  }

  /** ROLE_ of a task. */
  roleOf(tid: number): number {
    return this.#members.get(tid)?.role ?? ROLE_TASK;
  }
  /** Is it a server without work, or a worker on the list? */
  isIdle(tid: number): boolean {
    return this.#members.get(tid)?.idle ?? false;
  }
  get idleServers(): number {
    return this.#idleServers;
  }
  get idleWorkers(): number {
    return this.#idleWorkers;
  }

  event(kind: number, tid: number, arg0: number, arg1: number): void {
    const numbers = this.#numbers;
    if (numbers === undefined) return;
    switch (kind) {
      case TRACE_SYS_ENTER:
        if (arg0 === numbers.ctl) this.#asks(tid, arg1, numbers);
        else if (arg0 === numbers.wait) this.#waits(tid);
        break;
      case TRACE_SYS_EXIT:
        this.#returns(tid, arg0, arg1, numbers);
        break;
      case TRACE_SCHED_WAKING:
        this.#woken(tid, arg1);
        break;
      case TRACE_SCHED_SWITCH:
        this.#switched(tid, arg0, arg1, numbers);
        break;
      case TRACE_TASK_EXIT:
        this.#set(tid, false);
        this.#members.delete(tid);
        break;
      default:
        break;
    }
  }

  /** A worker registers and sleeps in the same call: it is one from its beginning. */
  #asks(tid: number, flags: number, { register, unregister, worker }: UmcgNumbers): void {
    const member = this.#member(tid);
    if ((flags & unregister) !== 0) member.wanted = ROLE_TASK;
    else if ((flags & register) !== 0)
      member.role = member.wanted = (flags & worker) !== 0 ? ROLE_WORKER : ROLE_SERVER;
  }

  #waits(tid: number): void {
    const member = this.#members.get(tid);
    if (member === undefined) return;
    member.waiting = true;
    member.handedOver = false;
  }

  #returns(tid: number, nr: number, result: number, { ctl }: UmcgNumbers): void {
    const member = this.#members.get(tid);
    if (member === undefined) return;
    member.waiting = false;
    this.#set(tid, false);
    if (nr === ctl) member.role = result === 0 ? member.wanted : ROLE_TASK;
  }

  #woken(tid: number, waker: number): void {
    const by = this.#members.get(waker);
    if (by !== undefined) by.handedOver = true;
    this.#set(tid, false);
  }

  #switched(next: number, prev: number, reason: number, { idleReason }: UmcgNumbers): void {
    this.#set(next, false);
    const member = this.#members.get(prev);
    if (member === undefined || reason === 0 || prev === next) return;
    if (member.role === ROLE_WORKER) this.#set(prev, reason === idleReason);
    else if (member.role === ROLE_SERVER) this.#set(prev, member.waiting && !member.handedOver);
  }

  #set(tid: number, idle: boolean): void {
    const member = this.#members.get(tid);
    if (member === undefined || member.idle === idle) return;
    member.idle = idle;
    const by = idle ? 1 : -1;
    if (member.role === ROLE_SERVER) this.#idleServers += by;
    else if (member.role === ROLE_WORKER) this.#idleWorkers += by;
  }

  #member(tid: number): Member {
    let member = this.#members.get(tid);
    if (member === undefined) {
      member = { role: ROLE_TASK, wanted: ROLE_TASK, waiting: false, handedOver: false, idle: false };
      this.#members.set(tid, member);
    }
    return member;
  }
}
