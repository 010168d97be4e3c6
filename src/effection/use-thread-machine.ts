/** A machine on real threads as a resource of the scope that asks for it. */
import { ensure, type Operation, resource, until } from "effection";
import {
  createThreadMachine,
  type ThreadMachine,
  type ThreadMachineConfig,
} from "../machine/threads/index.ts";

/**
 * Creates a machine whose CPUs are Workers, and ends it with the caller's scope, in order if it is whole: no Worker is left. Throws
 * what `createThreadMachine` rejects with.
 *
 *     await run(function* () {
 *       const machine = yield* useThreadMachine({ vcpus: 2, image: new URL("./program.ts", import.meta.url) });
 *       return yield* until(machine.run({ timeoutMs: 10_000 }));
 *     });
 */
export function useThreadMachine(config: ThreadMachineConfig): Operation<ThreadMachine> {
  return resource(function* (provide) {
    const creating = createThreadMachine(config);
    // Before it is there: a scope that ends while Workers load ends them, too. Not a `finally`: one that yields loses a halt.
    const ending = (): Promise<unknown> =>
      creating.then((machine) => machine[Symbol.asyncDispose](), Boolean);
    yield* ensure(() => until(ending()));
    yield* provide(yield* until(creating));
  });
}
