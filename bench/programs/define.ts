/**
 * What a program of this folder is: a name, parameters with defaults, and how to make it.
 *
 * Definitions are those that the tools in this field share; every memory operation is one step, values start at 0, threads start
 * together unless there is a main thread. Bodies are pure (`BareOptions.pure`): they keep what they know in locals.
 */
import type { Program } from "../../src/explore/bare/bare.ts";
import type { BareOptions } from "../../src/explore/bare/bare-options.ts";
import { BareSystem } from "../../src/explore/bare/bare-system.ts";

export type Parameters = Readonly<Record<string, number>>;

export interface BenchProgram {
  readonly name: string;
  /** Names and defaults. */
  readonly parameters: Parameters;
  readonly make: (parameters: Parameters) => Program;
  readonly options: (parameters: Parameters) => BareOptions;
}

export function define<P extends Parameters>(
  name: string,
  parameters: P,
  make: (parameters: { readonly [K in keyof P]: number }) => Program,
  options: (parameters: { readonly [K in keyof P]: number }) => BareOptions = () => ({}),
): BenchProgram {
  return {
    name,
    parameters,
    make: make as BenchProgram["make"],
    options: (parameters) => ({ pure: true, ...options(parameters as Parameters & P) }),
  };
}

/** A program ready to be explored. Throws RangeError for a parameter that it does not have. */
export function systemOf(
  program: BenchProgram,
  given: Parameters = {},
  options: BareOptions = {},
): BareSystem {
  for (const name of Object.keys(given)) {
    if (!(name in program.parameters)) throw new RangeError(`${program.name} has no parameter "${name}"`);
  }
  const parameters = { ...program.parameters, ...given };
  return new BareSystem(program.make(parameters), { ...program.options(parameters), ...options });
}
