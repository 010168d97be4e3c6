/** What `umcg explore` and `umcg merge` print of an exploration. */

import { plural } from "../diagnostics/plural.ts";
import type { Explorable } from "../explore/explorable.ts";
import type { ExploreResult } from "../explore/exploration.ts";
import type { Finding } from "../explore/findings.ts";
import { interleavingText } from "../explore/interleaving-text.ts";
import { stepsOf } from "../explore/replay.ts";
import type { ProgramName } from "./program-source.ts";
import { violationText } from "./violation-text.ts";

/** Numbers that are of the run, and not of what was explored. */
export interface RunFigures {
  /** Undefined: others have explored. */
  readonly executionsPerSecond?: number;
  /** Executions that each thread has made. */
  readonly made?: readonly number[];
  /** Of shards of a search that reduces: executions given up because they did not speak with each other. */
  readonly redundant?: number;
  /** Executions of the whole search, if it is as large everywhere as where it has been. */
  readonly estimate?: number | undefined;
}

export function resultText(
  explorable: Explorable,
  name: ProgramName,
  result: ExploreResult,
  figures: RunFigures,
): string {
  const told = result.violations.map((violation) => {
    const steps = stepsOf(explorable, violation);
    const text = steps.length > 0 ? `${interleavingText(steps)}\n` : "";
    return `\n${headline(violation)}\n\n${text}replay: ${replayLine(name, violation)}\n`;
  });
  return summary(result, figures) + told.join("");
}

function summary(result: ExploreResult, { executionsPerSecond, made, estimate }: RunFigures): string {
  const { strategy, executions, distinct, blocked, tooLong, complete, stopped, violations } = result;
  const counts = [
    plural(executions, "execution"),
    ...(distinct === undefined ? [] : [`${distinct} distinct`]),
    ...(blocked > 0 ? [`${blocked} blocked`] : []),
    ...(tooLong > 0 ? [`${tooLong} too long`] : []),
  ];
  const verdict = violations.length > 0 ? plural(violations.length, "violation") : "no violation";
  const extent = complete ? "complete" : `not complete${stopped === undefined ? "" : ` (${stopped})`}`;
  const all = complete || estimate === undefined ? "" : `, of about ${estimate}`;
  const threads = made === undefined ? "" : ` by ${plural(made.length, "thread")}`;
  const rate =
    executionsPerSecond === undefined ? "merged" : `${plural(executionsPerSecond, "execution")}/s${threads}`;
  return `${strategy}: ${counts.join(", ")}${all}; ${extent}, ${verdict}; ${rate}\n`;
}

function headline(finding: Finding): string {
  const { steps, preemptions, minimal, atFault = [] } = finding;
  const least = minimal ? ", minimal" : "";
  const told = atFault.map((step) => `  ${step}\n`).join("");
  return `${violationText(finding)}\n${told}${plural(steps, "step")}, ${plural(preemptions, "preemption")}${least}`;
}

function replayLine(
  { file, builtin, parameters = {} }: ProgramName,
  { kind, schedule, steps }: Finding,
): string {
  const program = builtin === undefined ? file : `--builtin ${builtin}`;
  const given = Object.entries(parameters).map(([key, value]) => ` --${key} ${value}`);
  const bound = kind === "step-bound" ? ` --max-steps ${steps}` : "";
  return `umcg replay ${program}${given.join("")} --schedule "${schedule}"${bound}`;
}

export function resultJson(result: ExploreResult, name: ProgramName, figures: RunFigures): string {
  const violations = result.violations.map((violation) => ({
    ...violation,
    replay: replayLine(name, violation),
  }));
  const distinct = result.distinct ?? null;
  return `${JSON.stringify({ program: name, ...result, distinct, violations, ...figures })}\n`;
}
