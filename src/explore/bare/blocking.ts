/**
 * Steps that wait, wake and start: what each does to the threads.
 *
 * A wait reads its word and falls asleep in one step, as the kernel does under the lock of its queue; a notify makes the
 * woken threads able to step at once. There is no step "wakes up": it would commute with everything but what it is ordered
 * with anyway.
 */
import { EAGAIN, EINTR, ETIMEDOUT } from "../../atomics/errno.ts";
import { BareError } from "./bare-error.ts";
import { FREE } from "./objects.ts";
import {
  OP_ASLEEP,
  OP_CHOOSE,
  OP_LOCK,
  OP_NOTIFY,
  OP_SPAWN,
  OP_TRY_LOCK,
  OP_UNLOCK,
  OP_UNTIL,
  OP_WAIT,
  type Request,
} from "./request.ts";
import type { Threads } from "./threads.ts";

/** Makes the step `op`. Returns whether the thread goes on: it does not when it fell asleep. */
export function act(threads: Threads, request: Request, op: number, alternative: number): boolean {
  const { result } = request;
  result.value = 0;
  if (op >= OP_LOCK && op <= OP_UNTIL) threads.passed(request);
  switch (op) {
    case OP_CHOOSE:
      result.value = alternative;
      return true;
    case OP_LOCK:
      threads.owners[request.a] = request.actor;
      return true;
    case OP_TRY_LOCK:
      result.value = threads.owners[request.a] === FREE ? 1 : 0;
      if (result.value === 1) threads.owners[request.a] = request.actor;
      return true;
    case OP_UNLOCK:
      unlock(threads, request);
      return true;
    case OP_UNTIL:
      result.value = threads.bare.words[request.a]!;
      return true;
    case OP_WAIT:
      return !fallAsleep(threads, request);
    case OP_NOTIFY:
      result.value = notify(threads, request, alternative);
      return true;
    case OP_SPAWN:
      result.value = spawn(threads, request);
      return true;
    default:
      return true;
  }
}

function unlock(threads: Threads, request: Request): void {
  const owner = threads.owners[request.a]!;
  if (owner === request.actor) threads.owners[request.a] = FREE;
  else {
    const held = owner === FREE ? "which is free" : `held by ${threads.nameOf(owner)}`;
    const message = `unlocks ${threads.bare.mutexes[request.a]}, ${held}`;
    threads.violate("assertion", request.actor, new BareError("ERR_PROGRAM", message));
  }
}

function fallAsleep(threads: Threads, request: Request): boolean {
  if (threads.bare.words[request.a] !== request.b >>> 0) {
    request.result.value = -EAGAIN;
    return false;
  }
  request.op = OP_ASLEEP;
  threads.sleepers.add(request.actor, request.a);
  threads.retire(request);
  return true;
}

function notify(threads: Threads, request: Request, alternative: number): number {
  const { sleepers } = threads;
  const woken = sleepers.take(request.a, request.b, alternative);
  for (let i = 0; i < woken; i++) wake(threads, sleepers.taken[i]!, 0);
  return woken;
}

/** Ends a thread's wait with `result`. */
function wake(threads: Threads, thread: number, result: number): void {
  const request = threads.requests[thread]!;
  threads.races?.woken(thread, request.a);
  request.result.value = result;
  request.fresh = true;
  threads.turnOut(threads.objects.lifeOf(thread));
  threads.revive(request);
  threads.resume(request);
}

/** Timeout (1), spurious wake-up (2) or interruption (3) of a thread's wait. */
export function fault(threads: Threads, thread: number, kind: number): void {
  threads.sleepers.remove(thread);
  if (kind > 1) threads.requests[thread]!.faults++;
  wake(threads, thread, kind === 1 ? -ETIMEDOUT : kind === 2 ? 0 : -EINTR);
}

function spawn(threads: Threads, parent: Request): number {
  const number = threads.childNumber(parent);
  const child = threads.requests[number];
  if (child === undefined) {
    const message = `spawns thread ${number + 1}, maxThreads is ${number}`;
    threads.violate("threw", parent.actor, new BareError("ERR_PROGRAM", message));
    return -EAGAIN;
  }
  // Who runs by what was learned has asked for nothing: the body is looked for where the spawn is known.
  child.body = parent.coroutine === undefined ? undefined : parent.child;
  child.argument = parent.a;
  child.spawned = true;
  child.parent = parent.actor;
  threads.turnOut(threads.objects.lifeOf(number));
  threads.races?.spawned(parent.actor, number);
  threads.begin(child, parent.node && threads.memo!.beginOfChild(parent.node, child));
  return number;
}
