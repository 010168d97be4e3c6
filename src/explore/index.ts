/** Exploring every interleaving of a program, or sampling them. */
export * from "../interleaving/index.ts";
export { ALL, Bare, type Program } from "./bare/bare.ts";
export { BareError } from "./bare/bare-error.ts";
export type { BareOptions } from "./bare/bare-options.ts";
export { BareSystem } from "./bare/bare-system.ts";
export { History } from "./bare/history.ts";
export * from "./explorable.ts";
export * from "./exploration.ts";
export { explore } from "./explore.ts";
export { ExploreError } from "./explore-error.ts";
export type { Finding } from "./findings.ts";
export * from "./frontier/job.ts";
export type { Level, Unit } from "./frontier/level.ts";
export * from "./frontier/parted-exploration.ts";
export { SampledExploration, type SavedSamples } from "./frontier/sampled-exploration.ts";
export { mergeShards, Shard, type ShardResult } from "./frontier/shard.ts";
export { type SavedSearch, TreeExploration } from "./frontier/tree-exploration.ts";
export { type UnitResult, UnitRunner } from "./frontier/unit-runner.ts";
export { interleavingText } from "./interleaving-text.ts";
export { type KernelOptions, type KernelProgram, KernelSystem } from "./kernel/kernel-system.ts";
export { bareAllocator, bareObject, bareWorker } from "./library/bare-worker.ts";
export { type PolicyProgramOptions, policyProgram } from "./library/policy-program.ts";
export { linearize, type Model, type Operation } from "./linearizability.ts";
export { makeStrategy, STRATEGIES, type StrategyName } from "./make-strategy.ts";
export { NondeterminismError } from "./nondeterminism.ts";
export { type CheckedOptions, checkOptions, type ExploreOptions } from "./options.ts";
export * from "./path.ts";
export { type Followed, type FollowOptions, follow } from "./recorded/follow.ts";
export {
  type RecordedOptions,
  type RecordedProgram,
  type RecordedSetUp,
  recordedProgram,
} from "./recorded/recorded-program.ts";
export { type Deed, type Recording, recordingOf } from "./recorded/recording.ts";
export * from "./replay.ts";
export { RunawayError } from "./runaway.ts";
export { type ShrinkOptions, type Shrunk, shrink } from "./shrink.ts";
export { DepthFirst } from "./strategies/depth-first.ts";
export { Optimal } from "./strategies/optimal.ts";
export { RandomWalk } from "./strategies/random-walk.ts";
export { Source } from "./strategies/source.ts";
export * from "./strategy.ts";
