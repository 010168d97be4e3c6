/** A part of this project as something to explore: a small program that uses it, and what it is held to. */
import { BareError } from "../../../src/explore/bare/bare-error.ts";
import {
  type BareOptions,
  bareProgram,
  type Explorable,
  type ExploreOptions,
  type KernelOptions,
  type KernelProgram,
  kernelProgram,
  type Program,
} from "../../../src/explore/index.ts";

export interface Subject {
  readonly name: string;
  readonly explorable: Explorable;
  /** Default: every class of executions once. Here: what is looked at instead, where that would be too many. */
  readonly options: ExploreOptions;
}

/** Bytes of memory of a program in bare mode. */
const BYTES = 4096;

/** Threads over words. */
export function bare(
  name: string,
  program: Program,
  options: ExploreOptions = {},
  system: BareOptions = {},
): Subject {
  return { name, explorable: bareProgram(program, { bytes: BYTES, ...system }), options };
}

/** Tasks on the simulated kernel: all schedules with so many delays, as their space is too large. */
export function kernel(
  name: string,
  program: KernelProgram,
  config: KernelOptions,
  options: ExploreOptions,
): Subject {
  return { name, explorable: kernelProgram(program, config), options };
}

/** What a program asserts while it runs. */
export function must(holds: boolean, message: string): void {
  if (!holds) throw new BareError("ERR_CHECK", message);
}
