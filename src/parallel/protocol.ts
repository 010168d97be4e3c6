/**
 * What an exploration and its threads tell each other.
 *
 * Each thread has one word that both see: the thread looks at it after each execution and comes back with what it has when it is not 0.
 * Everything else is messages.
 */
import type { Job } from "../explore/frontier/job.ts";
import type { UnitResult } from "../explore/frontier/unit-runner.ts";
import type { ExploreOptions } from "../explore/options.ts";
import type { ProgramModule } from "./program-module.ts";

/** The word of a thread: it goes on. */
export const GO_ON = 0;
/** It is to come back with what it has, because others have nothing to do. */
export const COME_BACK = 1;

export interface ThreadStart {
  readonly program: ProgramModule;
  readonly options: ExploreOptions;
  readonly word: Int32Array;
}

/** A job to be done by a system that has learned from `lessons`. */
export interface Order {
  readonly job: Job;
  readonly lessons: readonly string[];
}

/** What has come of it. */
export interface Report {
  readonly result: UnitResult;
}

/** The thread cannot go on. */
export interface Failure {
  readonly failed: { readonly name: string; readonly code: string; readonly message: string };
}

/** What a thread has thrown, or what has ended it (ERR_WORKER_OUT_OF_MEMORY). */
export function failureOf(cause: unknown): Failure["failed"] {
  const { name, message, code } = (cause instanceof Error ? cause : new Error(String(cause))) as Error & {
    code?: unknown;
  };
  return { name, message, code: typeof code === "string" ? code : "ERR_WORKER" };
}
