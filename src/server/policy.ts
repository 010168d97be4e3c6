/**
 * What a scheduling policy is: which ready worker runs next, on which server, and for how long.
 *
 * A policy is made once a runtime, by a function that is given memory, and called from then on by whoever has something to
 * tell: a server in its loop, or a worker that makes another one ready. A worker is named by the address of its record.
 *
 *     const fifo: PolicyFactory = ({ allocate }) => {
 *       const queue = new ReadyQueue(allocate(READY_QUEUE_SIZE));
 *       return {
 *         name: "fifo",
 *         enqueue: ({ env }, worker) => queue.append(env, worker),
 *         pick: ({ env }) => queue.take(env),
 *         hasWork: ({ env }) => queue.occupied(env),
 *       };
 *     };
 *
 * The contract:
 * - State that servers share lives in user memory, lock-free or under a spin lock (spin-lock.ts), because `enqueue` and
 *   `pick` of several servers interleave at every access. The words `linkOf` and `rightOf` of a record are the policy's
 *   while the worker is enqueued; `priorityOf`, `deadlineOf` are the worker's wishes.
 * - A worker is enqueued by one caller at a time, and again only after it was picked. `pick` returns each enqueue once.
 * - `pick` on any server finds any worker that is enqueued, sooner or later: there is one list of idle servers, and whoever
 *   of them is woken must find the work. `hasWork` is the question a server asks after it has published itself as idle;
 *   after an `enqueue` that is over, it must say true until the worker is picked (else a server sleeps beside work, I28).
 * - The caller cannot be preempted in here: a server never is, and a worker holds its own LOCKED flag. So a spin lock is
 *   never held by somebody who waits to be run. Whoever runs on server i is alone there: `enqueue` and `pick` with
 *   `at.server === i` never overlap for one i, and a queue with a single producer needs no lock. A tick, when server and
 *   worker are awake together, comes with `at.server === NO_SERVER`.
 *
 * Source of `at`: what Go's `getg().m.p` and tokio's context are to their schedulers.
 * Rejected: handing the whole decision to one function "schedule(events)", as ghOSt does: shorter to state, but every
 * policy would begin with the same dispatch.
 */
import type { Addr } from "../atomics/address.ts";
import type { Coroutine } from "../atomics/step.ts";
import type { Env } from "../umcg/env.ts";

/**
 * Why a worker is ready: it is new; it slept in the kernel; another worker unparked it; it gave way; its time was up.
 */
export type EnqueueReason = "spawned" | "woken" | "unparked" | "yielded" | "preempted";

/** Who calls a policy. */
export interface PolicyContext {
  /** Of the calling task: memory, system calls, clock. */
  readonly env: Env;
  /** Index of the server on which this happens, from 0; NO_SERVER: on none in particular. */
  readonly server: number;
  /**
   * Said in `pick` about what it returns: it was "stolen" from another server's queue, or other workers were "moved" on the
   * way. Either may have hidden work from a server that was looking just then, so the caller looks again on its behalf.
   */
  note(what: "stolen" | "moved"): void;
}

/** `at.server` of a call on no server in particular. */
export const NO_SERVER = -1;

/** What a policy is made of. */
export interface PolicySetup {
  /** Servers there can ever be: every `at.server` is below. */
  readonly maxServers: number;
  /** User memory, zeroed, for good. Throws ERR_USER_MEMORY. */
  readonly allocate: (bytes: number, align?: number) => Addr;
  /** Of the runtime, for policies that draw lots. */
  readonly seed: number;
}

/**
 * Which ready worker runs next, on which server, and for how long. The contract is at the head of this file and in
 * docs/scheduler-policies.md.
 */
export interface Policy {
  readonly name: string;
  /** `worker` is ready. The caller wakes a server if one is needed. */
  enqueue(at: PolicyContext, worker: Addr, reason: EnqueueReason): Coroutine<void>;
  /** Takes a worker for server `at.server` to run; NULL: there is none. */
  pick(at: PolicyContext): Coroutine<Addr>;
  /** Would `pick` find something? A look without locks; true may be stale. */
  hasWork(at: PolicyContext): Coroutine<boolean>;
  /** `worker` left server `at.server`: it sleeps in the kernel, is parked, or was preempted. It may be ready again by now. */
  onBlock?(at: PolicyContext, worker: Addr): Coroutine<void>;
  /** `worker` came back from the kernel; `enqueue` follows. */
  onWake?(at: PolicyContext, worker: Addr): Coroutine<void>;
  /**
   * `worker` has run for `ranNs` without a break. Returns whether it is to give way. Default: if anybody is waiting. Only
   * with `preemptNs`. `at.server` is NO_SERVER, `server` the one that runs it.
   */
  onTick?(at: PolicyContext, worker: Addr, ranNs: number, server: number): Coroutine<boolean>;
  /** `worker` is gone. */
  onExit?(at: PolicyContext, worker: Addr): Coroutine<void>;
  /** Server `at.server` leaves: what only it would find has to be moved to where all look. */
  onRetire?(at: PolicyContext): Coroutine<void>;
}

/** Makes the policy of a runtime; called once. */
export type PolicyFactory = (setup: PolicySetup) => Policy;
