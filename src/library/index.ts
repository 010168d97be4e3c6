/** The kernel as a library: system calls as functions, from any thread. */
export type { LibraryCalls } from "./calls.ts";
export { type Connection, connect } from "./connection.ts";
export * from "./errors.ts";
export { type BootOptions, boot, Library, type LibraryPromises } from "./library.ts";
export type { HaltReport, LibraryHandle } from "./messages.ts";
