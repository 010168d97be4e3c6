/** Joining a worker of a mixed load, with what its join may say. */
import type { Coroutine } from "../../../src/atomics/step.ts";
import { RuntimeError } from "../../../src/server/runtime-error.ts";
import type { Worker } from "../../../src/worker/worker.ts";
import type { Life, Scene } from "./scene.ts";

/** Returns whether the worker has ended; it has been joined then. */
export function* joinUntil(scene: Scene, worker: Worker, whom: Life, deadlineNs: number): Coroutine<boolean> {
  if (whom.answers > 0) return true;
  let value: number | undefined;
  let error: RuntimeError | undefined;
  try {
    value = yield* worker.joinUntil(whom.handle!, deadlineNs);
  } catch (thrown) {
    if (!(thrown instanceof RuntimeError) || thrown.code === "ERR_CANCELLED") throw thrown;
    if (thrown.code === "ERR_TIMED_OUT" && worker.now() >= deadlineNs) return false;
    error = thrown;
  }
  whom.checkJoin(value, error);
  scene.gone.push(whom);
  return true;
}
