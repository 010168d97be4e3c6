/** Exploring every interleaving of a program, or sampling them. */
export * from "../interleaving/index.ts";
export { ALL, Bare, BareError, type Program } from "./bare/bare.ts";
export { type BareOptions, BareSystem } from "./bare/bare-system.ts";
export * from "./path.ts";
export { DepthFirst } from "./strategies/depth-first.ts";
export { Optimal } from "./strategies/optimal.ts";
export { RandomWalk } from "./strategies/random-walk.ts";
export { Source } from "./strategies/source.ts";
export * from "./strategy.ts";
