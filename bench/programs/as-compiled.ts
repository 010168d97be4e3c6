/**
 * The steps that a program of SCTBench makes besides those of its definition when it is compiled without optimisation and every
 * access to memory counts, those to local variables too: so it is counted in the data of the authors of SURW (ASPLOS 2025), whose
 * instrumentation looks at each instruction that accesses memory otherwise than by the stack pointer. `locals` 1 asks for them.
 *
 * | where                       | steps                                                             |
 * |-----------------------------|-------------------------------------------------------------------|
 * | thread, at its begin        | it is scheduled for the first time, and stores its parameter      |
 * | thread, at its end          | it exits                                                          |
 * | around a spawn, in a loop   | 4: counter, bound, array, counter; 5: behind it, error, counter   |
 * | around a spawn, by itself   | behind it: it is a scheduling point before and after; its answer  |
 * | before a join               | the handle; in a loop 4                                           |
 * | lock, unlock by a pointer   | the pointer, before it                                            |
 *
 * They are reads of a word that the thread has for itself: they depend on nothing.
 */
import { offsetBy } from "../../src/atomics/address.ts";
import type { Coroutine } from "../../src/atomics/step.ts";
import type { Bare } from "../../src/explore/bare/bare.ts";

export const AT_BEGIN = 2;
export const AT_END = 1;
export const IN_LOOP = { before: 4, after: 5, join: 4 } as const;
export const STRAIGHT = { before: 0, after: 2, join: 1 } as const;

/** Makes `count` steps of thread `self`. */
export type LocalSteps = (self: number, count: number) => Coroutine<void>;

/** For threads with numbers below `threads`. None if `locals` is 0. */
export function localSteps(bare: Bare, threads: number, locals: number): LocalSteps | undefined {
  if (locals === 0) return undefined;
  const own = bare.array(threads);
  return function* (self, count) {
    for (let i = 0; i < count; i++) yield* bare.load32(offsetBy(own, 4 * self));
  };
}

/** What surrounds the body of a child. */
export function* inThread(
  local: LocalSteps | undefined,
  self: number,
  body: Coroutine<unknown>,
): Coroutine<void> {
  if (local !== undefined) yield* local(self, AT_BEGIN);
  yield* body;
  if (local !== undefined) yield* local(self, AT_END);
}
