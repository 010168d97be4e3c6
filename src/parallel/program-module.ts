/**
 * Where a thread finds the program that it is to explore: functions cannot be sent from one thread to another, so each loads the
 * module on its own.
 *
 * A module's default export is a program of bare mode (a function), or what `bareProgram` or `kernelProgram` makes. A registry
 * exports `PROGRAMS`, a map of programs with parameters, as bench/programs of the repository does.
 */
import { messageOf } from "../diagnostics/text-of.ts";
import type { Program } from "../explore/bare/bare.ts";
import type { BareOptions } from "../explore/bare/bare-options.ts";
import { BareSystem } from "../explore/bare/bare-system.ts";
import { bareProgram, type Explorable, isExplorable } from "../explore/explorable.ts";

type Parameters = Readonly<Record<string, number>>;

export interface ProgramModule {
  /** file: or data: */
  readonly url: string;
  /** The one of a registry; undefined: the default export. */
  readonly name?: string;
  readonly parameters?: Parameters;
}

/** A program of a registry. */
export interface RegisteredProgram {
  readonly name: string;
  /** With their defaults. */
  readonly parameters: Parameters;
  readonly make: (parameters: Parameters) => Program;
  readonly options: (parameters: Parameters) => BareOptions;
}

/** A module that cannot be explored by threads: `problem` says why. */
export class ProgramModuleError extends Error {
  readonly code = "ERR_PROGRAM_MODULE";
  readonly problem: string;
  constructor(url: string, problem: string, cause?: unknown) {
    super(`"${url}": ${problem}`, { cause });
    this.problem = problem;
    this.name = "ProgramModuleError";
  }
}

/** Why an `import()` of a user's file failed. */
export function whyNotLoaded(cause: unknown): string {
  const message = messageOf(cause);
  if ((cause as NodeJS.ErrnoException | undefined)?.code !== "ERR_UNKNOWN_FILE_EXTENSION") return message;
  return `${message}: Node 22.18 and later run TypeScript, this is ${process.version}`;
}

/** Throws ProgramModuleError. */
export async function loadProgramModule({ url, name, parameters = {} }: ProgramModule): Promise<Explorable> {
  let exported: { readonly default?: unknown; readonly PROGRAMS?: ReadonlyMap<string, RegisteredProgram> };
  try {
    exported = await import(url);
  } catch (cause) {
    throw new ProgramModuleError(url, whyNotLoaded(cause), cause);
  }
  if (name !== undefined) {
    const program = exported.PROGRAMS?.get(name);
    if (program === undefined) throw new ProgramModuleError(url, `it has no program "${name}"`);
    const given = { ...program.parameters, ...parameters };
    return { makeSystem: () => new BareSystem(program.make(given), program.options(given)) };
  }
  const program = exported.default;
  if (typeof program === "function") return bareProgram(program as Program);
  if (isExplorable(program)) return program;
  throw new ProgramModuleError(
    url,
    "its default export is neither a function nor made by bareProgram() or kernelProgram()",
  );
}
