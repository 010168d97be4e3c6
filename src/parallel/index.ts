/** Exploring on several cores: `import { exploreInParallel } from "umcg/parallel"`. */
export * from "./explore-in-parallel.ts";
export { ThreadError } from "./parallel-exploration.ts";
export { ProgramModuleError } from "./program-module.ts";
