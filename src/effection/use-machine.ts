/** A machine as a resource of the scope that asks for it. */
import { ensure, type Operation, resource, until } from "effection";
import { createMachine, type Machine, type MachineConfig } from "../machine.ts";

/**
 * Creates a machine that ends with the caller's scope: its runtimes close, the last one first, its CPUs stop, its trace is
 * delivered. Throws MachineError ERR_CONFIG, ERR_BOOT.
 *
 *     await run(function* () {
 *       const machine = yield* useMachine({ vcpus: 2 });
 *       machine.spawn(program);
 *       return yield* runMachine(machine);
 *     });
 */
export function useMachine(config: MachineConfig = {}): Operation<Machine> {
  return resource(function* (provide) {
    const machine = createMachine(config);
    // Not a `finally`: one that yields loses a halt (effection#1190).
    yield* ensure(() => until(machine[Symbol.asyncDispose]()));
    yield* provide(machine);
  });
}
