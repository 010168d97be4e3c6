/** Tests of all interleavings: `import { interleave } from "umcg/vitest"`. */
export * from "./interleave.ts";
