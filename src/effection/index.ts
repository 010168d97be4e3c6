/**
 * Machines and runtimes for programs that are written with effection: `import { useMachine } from "umcg/effection"`.
 *
 * An entry of its own, and effection an optional peer: whoever uses promises, or neither, loads nothing of it, and whoever
 * uses effection shares one copy with this package, without which scopes would not know each other.
 */
export * from "./run-machine.ts";
export * from "./use-machine.ts";
export * from "./use-thread-machine.ts";
export * from "./use-threads.ts";
