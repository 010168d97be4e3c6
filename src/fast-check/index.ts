/** Programs and interleavings as values that fast-check makes and shrinks: `import { executions } from "umcg/fast-check"`. */
export * from "./concurrent-commands.ts";
export * from "./concurrent-model-run.ts";
export { DrawnProgram, type Operation, type OperationKind, type ProgramEnd } from "./drawn-program.ts";
export * from "./executions.ts";
export { type ProgramConstraints, program } from "./program.ts";
