/**
 * `explore()` on several cores, with the same result:
 *
 * ```ts
 * const result = await exploreInParallel(new URL("./my-lock.ts", import.meta.url), { workers: 4 });
 * ```
 *
 * The program is named by its module, because a function cannot be sent to a thread: every thread imports it.
 */

import { availableParallelism } from "node:os";
import type { ExploreResult } from "../explore/exploration.ts";
import { ExploreError } from "../explore/explore-error.ts";
import { parted } from "../explore/frontier/parted-exploration.ts";
import type { ExploreOptions } from "../explore/options.ts";
import { ParallelExploration } from "./parallel-exploration.ts";
import { loadProgramModule } from "./program-module.ts";

/** As of `explore()`, and how many threads. */
export interface ParallelOptions extends ExploreOptions {
  /** Threads, an integer of at least 1. Default: one for each CPU that the process may use. */
  readonly workers?: number;
  /** Ends the exploration: what has been counted by then is the result, and says "interrupted". */
  readonly signal?: AbortSignal;
}

/** As of `explore()`, and what each thread did. */
export interface ParallelResult extends ExploreResult {
  /** Executions that each thread has made, those included that came too late to be counted. */
  readonly made: readonly number[];
}

/**
 * Explores the default export of a module (a program of bare mode, or what `bareProgram` or `kernelProgram` makes). Rejects with
 * ProgramModuleError, ExploreError, and ThreadError: what a thread has thrown, NondeterminismError for one, by name and code.
 */
export async function exploreInParallel(
  module: URL | string,
  { workers = availableParallelism(), signal, ...options }: ParallelOptions = {},
): Promise<ParallelResult> {
  if (!Number.isInteger(workers) || workers < 1)
    throw new ExploreError("ERR_EXPLORE_OPTION", `workers must be an integer of at least 1, got ${workers}`);
  const program = { url: String(module) };
  const exploration = parted(await loadProgramModule(program), options);
  const threads = new ParallelExploration(exploration, program, options, workers, () => performance.now());
  try {
    while (!threads.advance()) {
      await threads.wait();
      if (signal?.aborted === true) exploration.interrupt();
    }
    return { ...exploration.result(), made: threads.made };
  } finally {
    await threads.close();
  }
}
