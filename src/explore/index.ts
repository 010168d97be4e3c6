/** Exploring every interleaving of a program, or sampling them. */
export * from "../interleaving/index.ts";
export { ALL, Bare, BareError, type Program } from "./bare/bare.ts";
export { type BareOptions, BareSystem } from "./bare/bare-system.ts";
export * from "./explorable.ts";
export * from "./exploration.ts";
export { explore } from "./explore.ts";
export { interleavingText } from "./interleaving-text.ts";
export { type KernelOptions, type KernelProgram, KernelSystem } from "./kernel/kernel-system.ts";
export { makeStrategy, STRATEGIES, type StrategyName } from "./make-strategy.ts";
export { ExploreError, type ExploreOptions } from "./options.ts";
export * from "./path.ts";
export * from "./replay.ts";
export { type ShrinkOptions, type Shrunk, shrink } from "./shrink.ts";
export { DepthFirst } from "./strategies/depth-first.ts";
export { Optimal } from "./strategies/optimal.ts";
export { RandomWalk } from "./strategies/random-walk.ts";
export { Source } from "./strategies/source.ts";
export * from "./strategy.ts";
