/** A machine's run in slices of wall time: as a generator, and as a promise that gives the event loop its turns. */
import type { RunResult } from "./config.ts";
import { Slice, turn } from "./slice.ts";

/** How far a run has come. */
export interface Progress extends RunResult {
  /** Tasks that have not exited. */
  readonly live: number;
}

/** How a run goes in slices. */
export interface SliceOptions {
  /** Stop when virtual time reaches this, ns, up to 2^52. Default: run until every task has exited. */
  readonly untilNs?: number;
  /** Wall ms of a slice, more than 0. Default 8. */
  readonly sliceMs?: number;
}

/** How a run goes in slices, and who may end it. */
export interface RunAsyncOptions extends SliceOptions {
  /** Aborted: the run ends between two slices and rejects with the signal's reason. The machine can be run on. */
  readonly signal?: AbortSignal;
  /** Told after each slice but the last. What it throws ends the run. */
  readonly onProgress?: (progress: Progress) => void;
}

/** `run`: goes on with the run until `stop` says so. `live`: how many tasks have not exited. */
export function* inSlices(
  run: (stop: () => boolean) => RunResult,
  live: () => number,
  sliceMs: number,
): Generator<Progress, RunResult, void> {
  for (;;) {
    const slice = new Slice(sliceMs);
    const result = run(() => slice.over());
    if (!slice.ended) return result;
    yield { ...result, live: live() };
  }
}

/** Goes through the slices of a run. However it ends, the run is over. */
export async function finish(
  slices: Generator<Progress, RunResult, void>,
  { signal, onProgress }: RunAsyncOptions,
): Promise<RunResult> {
  try {
    for (;;) {
      signal?.throwIfAborted();
      const { done, value } = slices.next();
      if (done) return value;
      onProgress?.(value);
      await turn();
    }
  } finally {
    slices.return(undefined as never);
  }
}
