/**
 * A program together with what it is to be explored on: what a file exports for `umcg explore`, and what `explore()` takes.
 *
 * ```ts
 * export default bareProgram((bare) => {
 *   const x = bare.word(0, "x");
 *   for (const name of ["a", "b"]) {
 *     bare.thread(function* () {
 *       const seen = yield* bare.load32(x);
 *       yield* bare.store32(x, seen + 1);
 *     }, name);
 *   }
 *   bare.atEnd(() => bare.check(bare.peek32(x) === 2, "an update was lost"));
 * });
 * ```
 */
import type { System } from "../interleaving/system.ts";
import type { Program } from "./bare/bare.ts";
import { BARE_OPTIONS, type BareOptions } from "./bare/bare-options.ts";
import { BareSystem } from "./bare/bare-system.ts";
import { type KernelOptions, type KernelProgram, KernelSystem } from "./kernel/kernel-system.ts";
import { checkNames } from "./options.ts";

/** Something to explore: made by `bareProgram`, `kernelProgram`, `policyProgram`. */
export interface Explorable {
  /** A system of its own, ready for the first `reset()`. Throws what the program throws while it lays itself out. */
  readonly makeSystem: () => System;
}

/** Threads over shared words, without a kernel. Throws ERR_EXPLORE_OPTION. */
export function bareProgram(program: Program, options: BareOptions = {}): Explorable {
  checkNames(options, BARE_OPTIONS);
  return { makeSystem: () => new BareSystem(program, options) };
}

/** Tasks, servers and workers on the simulated kernel. */
export function kernelProgram(program: KernelProgram, options: KernelOptions = {}): Explorable {
  return { makeSystem: () => new KernelSystem(program, options) };
}

/** Is it one? */
export function isExplorable(value: unknown): value is Explorable {
  return typeof value === "object" && value !== null && "makeSystem" in value;
}
