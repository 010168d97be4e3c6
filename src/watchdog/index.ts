/** Functions that may never return: noticing it, ending them, and saying where they are. */
export { guarded } from "./guarded.ts";
export { whereItStays } from "./hot-line.ts";
export { isUsers, placeOfError } from "./site.ts";
export { inStretches } from "./stretches.ts";
export { whereSuspended } from "./suspended.ts";
