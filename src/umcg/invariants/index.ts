/** The invariants of UMCG as predicates, and the checker that holds a machine to them. */
export { INVARIANTS, InvariantError } from "./catalogue.ts";
export { createChecker, InvariantChecker } from "./checker.ts";
export type { CheckMode } from "./findings.ts";
export { HARDENED_RULES, POSTED_RULES, type WordRules } from "./state-words.ts";
