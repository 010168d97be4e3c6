/** The address space and its faulting atomic accessors (patch 2 of UMCG v0.3). */
export * from "./address.ts";
export * from "./errno.ts";
export * from "./local-memory.ts";
export * from "./memory.ts";
export * from "./page-table.ts";
export * from "./shared-memory.ts";
export * from "./step.ts";
export * from "./stepped-memory.ts";
export * from "./user-access.ts";
export * from "./user-memory.ts";
