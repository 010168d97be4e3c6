/** The workloads by name, in the order in which they are listed everywhere. */
import type { Workload } from "./workload.ts";
import { futexSwap } from "./workloads/futex-swap.ts";
import { pipe } from "./workloads/pipe.ts";
import { umcgBlock } from "./workloads/umcg-block.ts";
import { umcgSwap } from "./workloads/umcg-swap.ts";

export const WORKLOADS: readonly Workload[] = [umcgSwap, umcgBlock, futexSwap, pipe];
