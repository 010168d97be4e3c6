/**
 * Schedules to the first bug of SCTBench programs, by sampler: means over trials and their standard errors, as Markdown.
 *
 *     npm run -s bench:sctbench            20 trials, 10 000 schedules at most, as published
 *     npm run -s bench:sctbench -- 40
 *
 * Each program as it is defined, and as it is compiled (bench/programs/as-compiled.ts). One that is not found counts as the limit.
 * Seeds are fixed.
 */
import { makeStrategy, type StrategyName } from "../src/explore/index.ts";
import { type Parameters, systemOf } from "./programs/define.ts";
import { PROGRAMS } from "./programs/registry.ts";

const LIMIT = 10_000;
const SAMPLERS: readonly StrategyName[] = ["surw", "pos", "pct", "random"];
const ROWS: readonly (readonly [label: string, program: string, parameters: Parameters])[] = [
  ["reorder_3", "reorder", { setters: 2 }],
  ["reorder_4", "reorder", { setters: 3 }],
  ["reorder_5", "reorder", { setters: 4 }],
  ["twostage", "twostage", {}],
  ["twostage_20", "twostage", { writers: 10, readers: 10 }],
  ["account", "account", {}],
  ["lazy01", "lazy01", {}],
  ["deadlock01", "deadlock01", {}],
];

/** Schedules to the first violation; LIMIT: there was none. */
function toFirst(strategy: StrategyName, program: string, parameters: Parameters, seed: number): number {
  const system = systemOf(PROGRAMS.get(program)!, parameters);
  const sampler = makeStrategy(system, { strategy, seed, maxSteps: 4_096, depth: 3 });
  for (let made = 1; made < LIMIT; made++) {
    sampler.execute();
    system.finish();
    if (system.violations.length > 0) return made;
  }
  return LIMIT;
}

function cell(counts: readonly number[]): string {
  const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  const variance = counts.reduce((sum, count) => sum + (count - mean) ** 2, 0) / counts.length;
  const error = Math.sqrt(variance / counts.length);
  const missed = counts.filter((count) => count === LIMIT).length;
  return `${mean.toPrecision(3)} ± ${error.toPrecision(2)}${missed === 0 ? "" : ` (${missed} not found)`}`;
}

const trials = Number(process.argv[2] ?? 20);
console.log(`| program | steps | ${SAMPLERS.join(" | ")} |\n|---|---|${"---|".repeat(SAMPLERS.length)}`);
for (const [label, program, parameters] of ROWS) {
  for (const locals of [0, 1]) {
    const cells = SAMPLERS.map((sampler) =>
      cell(
        Array.from({ length: trials }, (_, i) => toFirst(sampler, program, { ...parameters, locals }, i + 1)),
      ),
    );
    console.log(`| ${label} | ${locals === 0 ? "defined" : "compiled"} | ${cells.join(" | ")} |`);
  }
}
