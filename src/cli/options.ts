/**
 * Reading a command line: node:util parseArgs for the tokens, own judgement of them, because an error must name the value
 * that was given and what would have been valid.
 */
import { parseArgs } from "node:util";
import { SpecError } from "../bench/stats/spec-error.ts";
import { closest } from "../diagnostics/nearest.ts";
import { suggestion } from "./did-you-mean.ts";
import { UsageError } from "./errors.ts";

export type OptionTypes = Readonly<
  Record<
    string,
    {
      readonly type: "string" | "boolean";
      readonly short?: string;
      /** The empty text is a value, too. */
      readonly empty?: true;
      /** With `empty`: it may stand alone, which gives the empty text. Only what begins with a digit is its value. */
      readonly optional?: true;
    }
  >
>;

/** A command line taken apart; the last of repeated options counts. */
export class Options {
  /** As they were given. */
  readonly args: readonly string[];
  readonly positionals: readonly string[];
  readonly #command: string;
  readonly #values: ReadonlyMap<string, string>;

  /** `command`: as the user calls it. Throws UsageError. */
  constructor(command: string, types: OptionTypes, args: readonly string[]) {
    this.#command = command;
    this.args = args;
    const { tokens } = parseArgs({
      args: withoutValues(types, args),
      options: types,
      strict: false,
      allowPositionals: true,
      tokens: true,
    });
    const values = new Map<string, string>();
    const positionals: string[] = [];
    for (const token of tokens) {
      if (token.kind === "positional") positionals.push(token.value);
      if (token.kind !== "option") continue;
      const type = Object.hasOwn(types, token.name) ? types[token.name]!.type : undefined;
      if (type === undefined) throw this.#unknown(token.rawName, types);
      if (type === "boolean" && token.value !== undefined)
        throw this.usage(`${token.rawName} takes no value, got "${token.value}"`);
      // The parser takes whatever follows for the value, another option too.
      const swallowed = token.inlineValue === false && token.value.startsWith("--");
      const missing = token.value === undefined || (token.value === "" && types[token.name]!.empty !== true);
      if (type === "string" && (missing || swallowed)) throw this.usage(`${token.rawName} needs a value`);
      values.set(token.name, token.value ?? "");
    }
    this.positionals = positionals;
    this.#values = values;
  }

  usage(message: string): UsageError {
    return new UsageError(message, this.#command);
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  text(name: string): string | undefined {
    return this.#values.get(name);
  }

  /** Plain decimal digits only: "1e3" or "0x10" is more often a slip than a wish. */
  integer(name: string, low: number, high: number, fallback: number): number {
    const text = this.#values.get(name);
    if (text === undefined) return fallback;
    const value = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= low && value <= high) return value;
    throw this.usage(`--${name} must be an integer from ${low} to ${high}, got "${text}"`);
  }

  /** A plain decimal. */
  decimal(name: string, low: number, high: number, fallback: number): number {
    const text = this.#values.get(name);
    if (text === undefined) return fallback;
    const value = /^(\d+(\.\d+)?|\.\d+)$/.test(text) ? Number(text) : Number.NaN;
    if (value >= low && value <= high) return value;
    throw this.usage(`--${name} must be a number from ${low} to ${high}, got "${text}"`);
  }

  oneOf<T extends string>(name: string, choices: readonly T[], note = ""): T | undefined {
    const text = this.#values.get(name);
    if (text === undefined) return undefined;
    const choice = choices.find((candidate) => candidate === text);
    if (choice !== undefined) return choice;
    const meant = closest(text, choices);
    const hint = meant === undefined ? "" : `; did you mean ${meant}?`;
    throw this.usage(`--${name} must be one of ${choices.join(", ")}${note}, got "${text}"${hint}`);
  }

  /** `--format`, of which --json is short for one. */
  format<T extends string>(formats: readonly T[]): T | "json" | undefined {
    const format = this.oneOf("format", formats);
    if (!this.has("json")) return format;
    if (format === undefined || format === "json") return "json";
    throw this.usage(`--json and --format ${format} contradict each other`);
  }

  /** A value in a notation of its own: `parse` throws SpecError. */
  parsed<T>(name: string, parse: (text: string) => T): T | undefined {
    const text = this.#values.get(name);
    if (text === undefined) return undefined;
    try {
      return parse(text);
    } catch (error) {
      if (error instanceof SpecError) throw this.usage(`--${name}: ${error.message}`);
      throw error;
    }
  }

  #unknown(rawName: string, types: OptionTypes): UsageError {
    const known = Object.keys(types).map((name) => `--${name}`);
    return this.usage(`unknown option "${rawName}"${suggestion(rawName, known)}`);
  }
}

/** Options that may stand without a value, and do, are given the empty one: the parser would take what follows. */
function withoutValues(types: OptionTypes, args: readonly string[]): string[] {
  const optional = Object.entries(types).filter(([, { optional }]) => optional === true);
  const names = new Set(optional.flatMap(([name, { short }]) => [`--${name}`, `-${short}`]));
  return args.map((arg, at) => {
    if (!names.has(arg) || /^\d/.test(args[at + 1] ?? "")) return arg;
    const [name] = optional.find(([name, { short }]) => arg === `--${name}` || arg === `-${short}`)!;
    return `--${name}=`;
  });
}
