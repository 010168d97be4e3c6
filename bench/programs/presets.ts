/** Programs under the names that SCTBench has for some of their sizes, so that `--builtin reorder_20` is what a table calls so. */
import type { BenchProgram, Parameters } from "./define.ts";
import { reorder } from "./reorder.ts";
import { twostage } from "./twostage.ts";

function preset(program: BenchProgram, name: string, given: Parameters): BenchProgram {
  return { ...program, name, parameters: { ...program.parameters, ...given } };
}

export const PRESETS: readonly BenchProgram[] = [
  preset(reorder, "reorder_3", { setters: 2, checkers: 1 }),
  preset(reorder, "reorder_4", { setters: 3, checkers: 1 }),
  preset(reorder, "reorder_5", { setters: 4, checkers: 1 }),
  preset(reorder, "reorder_10", { setters: 9, checkers: 1 }),
  preset(reorder, "reorder_20", { setters: 10, checkers: 10 }),
  preset(reorder, "reorder_50", { setters: 40, checkers: 10 }),
  preset(reorder, "reorder_100", { setters: 99, checkers: 1 }),
  preset(twostage, "twostage_20", { writers: 10, readers: 10 }),
  preset(twostage, "twostage_50", { writers: 40, readers: 10 }),
  preset(twostage, "twostage_100", { writers: 99, readers: 1 }),
];
