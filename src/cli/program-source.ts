/**
 * Where the program of `umcg explore` and `umcg replay` comes from: a file that exports it, or the programs of the repository.
 *
 * A file's default export is a program of bare mode (a function), or what `bareProgram` or `kernelProgram` makes. The
 * programs of the repository stand in bench/programs, beside the package and not in it.
 */
import { existsSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Explorable } from "../explore/explorable.ts";
import { laidOut, RunawayError } from "../explore/runaway.ts";
import type { System } from "../interleaving/system.ts";
import {
  loadProgramModule,
  type ProgramModule,
  ProgramModuleError,
  type RegisteredProgram,
} from "../parallel/program-module.ts";
import { suggestion } from "./did-you-mean.ts";
import { ProgramFileError, UsageError, withPlace } from "./errors.ts";

/** Enough to find the program again. */
export interface ProgramName {
  readonly file?: string;
  readonly builtin?: string;
  readonly parameters?: Readonly<Record<string, number>>;
}

const REGISTRY = new URL("../../bench/programs/registry.ts", import.meta.url);

/** Throws UsageError. */
export async function loadBuiltins(command: string): Promise<ReadonlyMap<string, RegisteredProgram>> {
  if (!existsSync(REGISTRY))
    throw new UsageError("the builtin programs are in the repository, not in the package", command);
  const registry = (await import(REGISTRY.href)) as { PROGRAMS: ReadonlyMap<string, RegisteredProgram> };
  return registry.PROGRAMS;
}

/** Publications write one name in several ways: CoA, N-writers, fib-bench. */
const spelling = (name: string): string => name.toLowerCase().replace(/[-_ ']/g, "");

/** Case, dashes and underscores make no difference. Throws UsageError naming what there is. */
export async function findBuiltin(name: string, command: string): Promise<RegisteredProgram> {
  const builtins = await loadBuiltins(command);
  const asked = spelling(name);
  const found = builtins.get(name) ?? [...builtins.values()].find((known) => spelling(known.name) === asked);
  if (found !== undefined) return found;
  throw new UsageError(`unknown program "${name}"${suggestion(name, [...builtins.keys()])}`, command);
}

/** Where a thread finds the program. */
export function moduleOf({ file, builtin, parameters = {} }: ProgramName): ProgramModule {
  if (builtin === undefined) return { url: pathToFileURL(resolve(file!)).href };
  return { url: REGISTRY.href, name: builtin, parameters };
}

/** Throws UsageError, ProgramFileError. */
export async function loadProgram(name: ProgramName, command: string): Promise<Explorable> {
  if (name.builtin !== undefined) await findBuiltin(name.builtin, command);
  else checkFile(name.file!);
  try {
    return await loadProgramModule(moduleOf(name));
  } catch (error) {
    if (!(error instanceof ProgramModuleError) || name.file === undefined) throw error;
    throw new ProgramFileError(name.file, withPlace(error.problem, error.cause), error.cause);
  }
}

/** Throws ProgramFileError. */
function checkFile(file: string): void {
  const found = statSync(file, { throwIfNoEntry: false });
  if (found === undefined) throw new ProgramFileError(file, "there is no such file");
  if (found.isDirectory()) throw new ProgramFileError(file, "it is a directory");
}

/** A system of the program. Throws RunawayError, and ProgramFileError naming the line if its set-up throws. */
export function layOut({ file }: ProgramName, explorable: Explorable, stepTimeoutMs: number): System {
  try {
    return laidOut(explorable, stepTimeoutMs);
  } catch (error) {
    if (error instanceof RunawayError || file === undefined) throw error;
    throw new ProgramFileError(file, withPlace(`its set-up threw ${String(error)}`, error), error);
  }
}
