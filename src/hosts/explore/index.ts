/** The host under which the next step is a choice. */
export * from "./actors.ts";
export { ExploreHost } from "./explore-host.ts";
export type { Nondeterminism } from "./nondeterminism.ts";
