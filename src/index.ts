/** Public entry of the package. */
export * from "./atomics/index.ts";
export * from "./hosts/virtual/index.ts";
export * from "./kernel-sim/index.ts";
export * from "./llist/index.ts";
export * from "./machine.ts";
export * from "./server/index.ts";
export * from "./stepping/index.ts";
export * from "./trace/index.ts";
export * from "./umcg/index.ts";
export * from "./worker/index.ts";
