/** Lock-free lists in user memory (patch 3 of UMCG v0.3). */
export * from "./llist.ts";
