/** Measuring programs of one's own: workloads for `umcg bench policies`, and the study behind it as a function. */
export type { Sfc32 } from "../random/sfc32.ts";
export {
  type Contender,
  type PolicyResult,
  PolicyRun,
  type PolicyRunOptions,
} from "./policies/policy-run.ts";
export { type PolicyWorkload, Tally } from "./policies/policy-workload.ts";
export { bimodal, exponential, fixed, type Law, lognormal } from "./stats/laws.ts";
