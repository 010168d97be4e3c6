/**
 * Explores a program to the end, or to its first violation, in one call.
 *
 * ```ts
 * const result = explore(program);
 * if (result.complete && result.violations.length === 0) console.log(`correct: ${result.executions} executions`);
 * else console.log(result.violations[0]?.message, result.violations[0]?.schedule);
 * ```
 */
import type { Program } from "./bare/bare.ts";
import { bareProgram, type Explorable } from "./explorable.ts";
import { Exploration, type ExploreResult } from "./exploration.ts";
import type { ExploreOptions } from "./options.ts";

/**
 * `program`: a program of bare mode, or one made by `bareProgram` or `kernelProgram`. Throws ExploreError, NondeterminismError,
 * and what the program throws while it lays itself out; what it throws when it runs is a violation.
 */
export function explore(program: Program | Explorable, options: ExploreOptions = {}): ExploreResult {
  const explorable = typeof program === "function" ? bareProgram(program) : program;
  const exploration = new Exploration(explorable, options);
  exploration.advance(() => false);
  return exploration.result();
}
