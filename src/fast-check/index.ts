/** Interleavings as values that fast-check makes and shrinks: `import { executions } from "umcg/fast-check"`. */
export * from "./executions.ts";
