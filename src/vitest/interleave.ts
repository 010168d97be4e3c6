/**
 * A test that passes when a program is correct under every interleaving:
 *
 * ```ts
 * import { test } from "umcg/vitest";
 *
 * test.interleave("two increments are two", (bare) => {
 *   const x = bare.word();
 *   for (let t = 0; t < 2; t++) {
 *     bare.thread(function* () {
 *       yield* bare.add32(x, 1);
 *     });
 *   }
 *   bare.atEnd(() => bare.check(bare.peek32(x) === 2, "an update was lost"));
 * });
 * ```
 *
 * It fails with the smallest interleaving that breaks the program, and also when a search was stopped before its end:
 * a test that has not looked everywhere must not look like one that has. Strategies that sample pass when what they sampled does.
 */

import { type TestAPI, test as vitest } from "vitest";
import { plural } from "../diagnostics/plural.ts";
import type { Program } from "../explore/bare/bare.ts";
import { bareProgram, type Explorable } from "../explore/explorable.ts";
import { Exploration, type ExploreResult } from "../explore/exploration.ts";
import { interleavingText } from "../explore/interleaving-text.ts";
import { STRATEGIES } from "../explore/make-strategy.ts";
import type { ExploreOptions } from "../explore/options.ts";
import { stepsOf } from "../explore/replay.ts";

/** Executions of a search until it is called too large for a test, unless the options say otherwise. */
const MAX_EXECUTIONS = 100_000;

/** How a program is searched: as of `explore()`, but with 100 000 executions at most. */
export interface InterleaveOptions extends ExploreOptions {
  /** A search that was stopped by `maxExecutions` passes all the same. Default false. */
  readonly incomplete?: boolean;
}

/** Registers a test: its name, the program, how it is searched. */
export type Interleave = (name: string, program: Program | Explorable, options?: InterleaveOptions) => void;

/** Registers the test. `program`: of bare mode, or made by `bareProgram` or `kernelProgram`. */
export const interleave: Interleave = (name, program, options = {}) => {
  vitest(name, () => check(typeof program === "function" ? bareProgram(program) : program, options));
};

/** vitest's own `test`, and `test.interleave`. */
export const test: TestAPI & { readonly interleave: Interleave } = Object.assign(vitest.extend({}), {
  interleave,
});

/** Explores, and throws what a test fails with. */
function check(explorable: Explorable, { incomplete, ...options }: InterleaveOptions): void {
  const samples = STRATEGIES[options.strategy ?? "optimal"]?.samples === true;
  const bound = samples ? {} : { maxExecutions: MAX_EXECUTIONS };
  const exploration = new Exploration(explorable, { ...bound, ...options });
  exploration.advance(() => false);
  const result = exploration.result();
  if (result.violations.length > 0) throw new Error(failure(explorable, result));
  if (result.complete || samples || incomplete === true) return;
  throw new Error(
    `stopped after ${plural(exploration.attempts, "execution")}, before the end: raise maxExecutions, make the program smaller, or accept it with { incomplete: true }`,
  );
}

function failure(explorable: Explorable, { violations }: ExploreResult): string {
  const { kind, message, schedule, preemptions, minimal, atFault = [] } = violations[0]!;
  const steps = stepsOf(explorable, violations[0]!);
  const least = minimal ? ", the fewest that break it" : "";
  const told = atFault.map((step) => `  ${step}\n`).join("");
  return `${kind}: ${message}\n${told}\n${interleavingText(steps)}\n${preemptions} ${preemptions === 1 ? "preemption" : "preemptions"}${least}; schedule "${schedule}"`;
}
