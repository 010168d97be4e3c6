/**
 * What rt-app takes from pthreads, on futexes: mutexes, condition variables, barriers.
 *
 * A mutex is a word: free, taken, taken and perhaps waited for. A condition variable is a word that counts signals: who waits
 * reads it under the mutex, lets the mutex go and sleeps only while it is unchanged, so a signal in between is not lost; a
 * signal that comes when nobody waits is. Source: Drepper, Futexes are tricky (the mutex with three states).
 */
import type { Addr } from "../../atomics/address.ts";
import { EAGAIN } from "../../atomics/errno.ts";
import type { Coroutine } from "../../atomics/step.ts";
import type { Env } from "../../umcg/env.ts";
import { expectResult } from "../workload.ts";

const FREE = 0;
const TAKEN = 1;
const CONTENDED = 2;
const EVERYBODY = 0x7fff_ffff;

export function* lock(env: Env, mutex: Addr): Coroutine<void> {
  if ((yield* env.memory.cmpxchg32(mutex, FREE, TAKEN)) === 0) return;
  // Who has slept cannot know whether others still do: the word stays CONTENDED.
  while ((yield* env.memory.xchg32(mutex, CONTENDED)) !== FREE) yield* sleepWhile(env, mutex, CONTENDED);
}

/** Of a mutex that is taken; as there, who unlocks it is not looked at. */
export function* unlock(env: Env, mutex: Addr): Coroutine<void> {
  if ((yield* env.memory.xchg32(mutex, FREE)) === CONTENDED) yield* env.sys.futexWake(mutex, 1);
}

/** Under the mutex, and under it again when it returns. */
export function* wait(env: Env, condition: Addr, mutex: Addr): Coroutine<void> {
  const signals = yield* env.memory.load32(condition);
  yield* unlock(env, mutex);
  yield* sleepWhile(env, condition, signals);
  yield* lock(env, mutex);
}

export function* signal(env: Env, condition: Addr, everybody: boolean): Coroutine<void> {
  for (;;) {
    const signals = yield* env.memory.load32(condition);
    if ((yield* env.memory.cmpxchg32(condition, signals, (signals + 1) | 0)) === 0) break;
  }
  yield* env.sys.futexWake(condition, everybody ? EVERYBODY : 1);
}

/** A barrier is a mutex, a condition variable and how many have come, in words one behind the other. */
export const BARRIER_BYTES = 12;

/** Waits until `users` have come; the last of them wakes the others. */
export function* meet(env: Env, barrier: Addr, users: number): Coroutine<void> {
  const [mutex, condition, come] = [barrier, (barrier + 4) as Addr, (barrier + 8) as Addr];
  yield* lock(env, mutex);
  const before = yield* env.memory.load32(come);
  if (before === users - 1) {
    yield* env.memory.store32(come, 0);
    yield* signal(env, condition, true);
  } else {
    yield* env.memory.store32(come, before + 1);
    yield* wait(env, condition, mutex);
  }
  yield* unlock(env, mutex);
}

function* sleepWhile(env: Env, word: Addr, value: number): Coroutine<void> {
  const result = yield* env.sys.futexWait(word, value);
  if (result !== -EAGAIN) expectResult("futexWait", result, 0);
}
