/** Host threads as a resource of the scope that asks for them, and a thread as an operation. */
import { action, ensure, type Operation, resource, until } from "effection";
import { createThreads, type HostThreads, type HostThreadsOptions, type JobSpec } from "../threads/index.ts";

/**
 * Creates a runtime of host threads that is closed with the caller's scope, wherever its threads are: no Worker is left. Throws
 * what `createThreads` rejects with.
 *
 *     await run(function* () {
 *       const threads = yield* useThreads({ cpus: 2 });
 *       return yield* runThread<number>(threads, { url, export: "job" });
 *     });
 */
export function useThreads(options: HostThreadsOptions = {}): Operation<HostThreads> {
  return resource(function* (provide) {
    const creating = createThreads(options);
    // Before it is there: a scope that ends while Workers start ends them, too. Not a `finally`: one that yields loses a halt.
    const closing = (): Promise<unknown> => creating.then((threads) => threads.close(), Boolean);
    yield* ensure(() => until(closing()));
    yield* provide(yield* until(creating));
  });
}

/** Runs a thread to its end: what it returns. Throws what its join rejects with. Halted, it kills the thread. */
export function runThread<T>(threads: HostThreads, spec: JobSpec): Operation<T> {
  return action<T>((resolve, reject) => {
    const thread = threads.spawn<T>(spec);
    thread.join().then(resolve, reject);
    return () => thread.kill("halted");
  });
}
