/** The package's entry with machines of one thread. */
export * from "../../../src/index.ts";
export { createMachine, Machine } from "./machine.ts";
