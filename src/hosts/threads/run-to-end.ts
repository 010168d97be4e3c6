/** Drives a coroutine whose steps have happened when they are taken: on a thread that may block. */
import { RESUME, type Step, YIELD_PAUSE } from "../../atomics/step.ts";

/** Runs `step` to its end on the calling thread. It may pause; anything else it could ask for, no thread has to give. */
export function runToEnd<T>(step: Step<T>): T {
  const coroutine = step[Symbol.iterator]();
  let result = coroutine.next();
  // Each turn is a pause the coroutine asks for.
  while (!result.done) {
    if (result.value !== YIELD_PAUSE)
      throw new Error(`a coroutine asks a thread for ${String(result.value)}`);
    result = coroutine.next(RESUME);
  }
  return result.value;
}
