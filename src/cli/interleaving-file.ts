/** `umcg replay --report FILE`: an interleaving as a document. */
import type { ToldReplay } from "../explore/told.ts";
import type { Violation } from "../interleaving/system.ts";
import { interleavingHtml } from "../report/interleaving-report.ts";
import type { ActorData, ViolationData } from "../report/model/interleaving-data.ts";
import { INVARIANTS } from "../umcg/invariants/index.ts";
import type { TraceFile } from "./trace-file.ts";
import { version } from "./version.ts";

export interface InterleavingHead {
  readonly title: string;
  /** As it can be typed again. */
  readonly command: string;
  readonly schedule: string;
}

/** The file is in its place afterwards. Throws TraceFileError. */
export function saveInterleaving(file: TraceFile, head: InterleavingHead, told: ToldReplay): void {
  const { things, steps, preemptions, violation, violatedAfter } = told;
  const names = new Map(steps.map(({ actor, name }) => [actor, name]));
  const actors: ActorData[] = [...names].map(([id, name]) => ({ id, name })).sort((a, b) => a.id - b.id);
  const data = {
    ...head,
    version: version(),
    violation: violation && violationData(violation),
    violatedAfter,
    preemptions,
    actors,
    things,
    steps: steps.map(({ actor, what, preempts, changes }) => ({ actor, what, preempts, changes })),
  };
  for (const chunk of interleavingHtml(data)) file.write(chunk);
  file.commit();
}

function violationData({ kind, message: whole, invariant }: Violation): ViolationData {
  const message = whole.startsWith(`${kind}: `) ? whole.slice(kind.length + 2) : whole;
  const rule = invariant === undefined ? undefined : INVARIANTS[Number(invariant.slice(1))];
  const told = rule === undefined || message.includes(rule);
  return { kind, message, invariant, ...(!told && { rule }) };
}
