/** A counterexample as a file: what `umcg explore --out` writes and `umcg replay` reads. */
import { readFileSync } from "node:fs";
import { messageOf } from "../diagnostics/text-of.ts";
import type { Finding } from "../explore/findings.ts";
import { ProgramFileError } from "./errors.ts";
import type { ProgramName } from "./program-source.ts";

const VERSION = 1;

export interface Counterexample {
  readonly version: typeof VERSION;
  readonly program: ProgramName;
  /** Of the program and its options when it was found. */
  readonly fingerprint: string;
  readonly strategy: string;
  readonly seed: number;
  readonly violation: Finding;
}

export function counterexampleText(counterexample: Omit<Counterexample, "version">): string {
  return `${JSON.stringify({ version: VERSION, ...counterexample }, undefined, 2)}\n`;
}

/** Throws ProgramFileError. */
export function readCounterexample(path: string): Counterexample {
  let read: Partial<Counterexample>;
  try {
    read = JSON.parse(readFileSync(path, "utf8")) as Partial<Counterexample>;
  } catch (cause) {
    throw new ProgramFileError(path, messageOf(cause), cause);
  }
  if (read?.version !== VERSION)
    throw new ProgramFileError(
      path,
      `no counterexample of version ${VERSION}: version is ${String(read?.version)}`,
    );
  const { program, violation, fingerprint } = read;
  const named = typeof program?.file === "string" || typeof program?.builtin === "string";
  if (!named || typeof violation?.schedule !== "string" || typeof fingerprint !== "string")
    throw new ProgramFileError(path, "program, fingerprint or violation.schedule is missing");
  return read as Counterexample;
}
