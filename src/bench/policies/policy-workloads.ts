/** The workloads of the study of policies, by name. */
import { forkJoin } from "./fork-join.ts";
import { mixed } from "./mixed.ts";
import { pipeline } from "./pipeline.ts";
import type { PolicyWorkload } from "./policy-workload.ts";

export const POLICY_WORKLOADS: readonly PolicyWorkload[] = [forkJoin, pipeline, mixed];
