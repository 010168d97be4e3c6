/** What can be given to somebody to explore: a unit of a search tree, or some executions of a sampler by their numbers. */
import type { Unit } from "./level.ts";
import type { UnitResult, UnitRunner } from "./unit-runner.ts";

export type Job =
  | { readonly kind: "unit"; readonly unit: Unit }
  | { readonly kind: "samples"; readonly from: number; readonly to: number };

/** A job, and the owner's own note of what it is. */
export interface Assignment<Note = unknown> {
  readonly job: Job;
  readonly note: Note;
}

export function runJob(runner: UnitRunner, job: Job, stop: () => boolean): UnitResult {
  return job.kind === "unit" ? runner.run(job.unit, stop) : runner.sample(job.from, job.to, stop);
}
