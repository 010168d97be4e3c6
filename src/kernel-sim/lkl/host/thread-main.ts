/**
 * What every host thread runs, from its first step to its last: the code it was created for, its destructors, its end.
 *
 * The order at the end is a promise: when a joiner learns that a thread has ended, its destructors have run.
 */
import type { Coroutine } from "../../../atomics/step.ts";
import { LklError } from "../errors.ts";
import type { Operations } from "./create-operations.ts";
import { THREAD_RETURNED, THREAD_THREW } from "./host-operations.ts";
import { jumpSet } from "./jump.ts";
import { runDestructors } from "./thread-local.ts";
import { comeToLife, endThread, threadCode } from "./threads.ts";

/** `state`: of the thread's slot when it was launched. */
export function* threadMain(host: Operations, state: number): Coroutine<void> {
  const { words, layout, image } = host;
  if (!(yield* comeToLife(words, layout, state))) return;
  const { entry, arg } = yield* threadCode(words, layout, image);
  let how = yield* guarded(host, () => entry(host, arg));
  if ((yield* guarded(host, () => runDestructors(host, layout, image))) === THREAD_THREW) how = THREAD_THREW;
  yield* endThread(words, layout, words.self, state, how);
}

/** Runs `body`, which may call threadExit. What it throws is printed, for there is nobody further up; a panic goes there. */
function* guarded(host: Operations, body: () => Coroutine<void>): Coroutine<number> {
  try {
    yield* jumpSet(host.exit, body);
    return THREAD_RETURNED;
  } catch (thrown) {
    if (thrown instanceof LklError && thrown.code === "ERR_HOST_PANIC") throw thrown;
    const text = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
    host.print(`host thread ${host.words.self} threw: ${text}`);
    return THREAD_THREW;
  }
}
