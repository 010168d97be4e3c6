/**
 * Where the program of `umcg explore` and `umcg replay` comes from: a file that exports it, or the programs of the repository.
 *
 * A file's default export is a program of bare mode (a function), or what `bareProgram` or `kernelProgram` makes. The
 * programs of the repository stand in bench/programs, beside the package and not in it.
 */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Program } from "../explore/bare/bare.ts";
import { type BareOptions, BareSystem } from "../explore/bare/bare-system.ts";
import { bareProgram, type Explorable, isExplorable } from "../explore/explorable.ts";
import { ProgramFileError, UsageError } from "./errors.ts";

/** Enough to find the program again. */
export interface ProgramName {
  readonly file?: string;
  readonly builtin?: string;
  readonly parameters?: Readonly<Record<string, number>>;
}

/** A program of bench/programs, as its registry has it. */
export interface BuiltinProgram {
  readonly name: string;
  readonly parameters: Readonly<Record<string, number>>;
  readonly make: (parameters: Readonly<Record<string, number>>) => Program;
  readonly options: (parameters: Readonly<Record<string, number>>) => BareOptions;
}

const REGISTRY = new URL("../../bench/programs/registry.ts", import.meta.url);

/** Throws UsageError. */
export async function loadBuiltins(command: string): Promise<ReadonlyMap<string, BuiltinProgram>> {
  if (!existsSync(REGISTRY))
    throw new UsageError("the builtin programs are in the repository, not in the package", command);
  const registry = (await import(REGISTRY.href)) as { PROGRAMS: ReadonlyMap<string, BuiltinProgram> };
  return registry.PROGRAMS;
}

/** Throws UsageError naming what there is. */
export async function findBuiltin(name: string, command: string): Promise<BuiltinProgram> {
  const builtins = await loadBuiltins(command);
  const found = builtins.get(name);
  if (found !== undefined) return found;
  throw new UsageError(`unknown program "${name}"; known are ${[...builtins.keys()].join(", ")}`, command);
}

/** Throws UsageError, ProgramFileError. */
export async function loadProgram(name: ProgramName, command: string): Promise<Explorable> {
  if (name.builtin === undefined) return loadFile(name.file!);
  const { make, options, parameters } = await findBuiltin(name.builtin, command);
  const given = { ...parameters, ...name.parameters };
  return { makeSystem: () => new BareSystem(make(given), options(given)) };
}

async function loadFile(file: string): Promise<Explorable> {
  let exported: { readonly default?: unknown };
  try {
    exported = (await import(pathToFileURL(resolve(file)).href)) as { readonly default?: unknown };
  } catch (cause) {
    throw new ProgramFileError(file, cause instanceof Error ? cause.message : String(cause), cause);
  }
  const program = exported.default;
  if (typeof program === "function") return bareProgram(program as Program);
  if (isExplorable(program)) return program;
  throw new ProgramFileError(
    file,
    "its default export is neither a function nor made by bareProgram() or kernelProgram()",
  );
}
