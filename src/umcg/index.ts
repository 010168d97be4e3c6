/** UMCG: the v0.3 ABI, its profiles as a machine has them, and what holds a run to its invariants (patch 4 of UMCG v0.3). */
export * from "./abi.ts";
export type { Breach, Breaches } from "./breaches.ts";
export * from "./die-reasons.ts";
export { Env, type Program, type UserSpace } from "./env.ts";
export { type CheckMode, INVARIANTS, type InvariantChecker, InvariantError } from "./invariants/index.ts";
export type { UninitialisedLocal } from "./posted-servers.ts";
export { kernelTransitions, TRANSITIONS, type Transition } from "./transitions.ts";
export type { Umcg, UmcgProfile } from "./umcg.ts";
