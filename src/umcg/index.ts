/** UMCG: the v0.3 ABI and its profiles (patch 4 of UMCG v0.3). */
export * from "./abi.ts";
export { type Breach, Breaches } from "./breaches.ts";
export * from "./die-reasons.ts";
export * from "./env.ts";
export { HardenedUmcg } from "./hardened.ts";
export * from "./invariants/index.ts";
export * from "./posted.ts";
export type { UninitialisedLocal } from "./posted-servers.ts";
export * from "./transitions.ts";
export * from "./umcg.ts";
