/** What can be explored: actors, footprints, schedules. */
export * from "./footprints.ts";
export * from "./look.ts";
export * from "./schedule.ts";
export * from "./system.ts";
