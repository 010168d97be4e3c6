/**
 * Explorations as files, JSON with a version: what is left of one that was interrupted (`umcg explore --save`, `--resume`), and what
 * has come of a shard (`--shard`, `umcg merge`). They name the program and hold the digest of it: of another program
 * neither means anything.
 */
import { readFileSync } from "node:fs";
import { messageOf } from "../diagnostics/text-of.ts";
import type { Explorable } from "../explore/explorable.ts";
import type { Saved } from "../explore/frontier/parted-exploration.ts";
import type { ShardResult } from "../explore/frontier/shard.ts";
import type { ExploreOptions } from "../explore/options.ts";
import { ProgramFileError } from "./errors.ts";
import type { ProgramName } from "./program-source.ts";

const VERSION = 1;
const SAVED = "umcg exploration";
export const SHARD = "umcg shard";

interface Header {
  readonly program: ProgramName;
  /** Of the program and its options. */
  readonly fingerprint: string;
  readonly options: ExploreOptions;
}

export interface SavedFile extends Header {
  readonly left: Saved;
}

export interface ShardFile extends Header {
  /** From 1. */
  readonly shard: number;
  readonly of: number;
  readonly result: ShardResult;
}

export function savedText(file: SavedFile): string {
  return `${JSON.stringify({ format: SAVED, version: VERSION, ...file })}\n`;
}

export function shardText(file: ShardFile): string {
  return `${JSON.stringify({ format: SHARD, version: VERSION, ...file })}\n`;
}

/** Throws ProgramFileError. */
export function readSaved(path: string): SavedFile {
  const read = readFile(path, SAVED) as Partial<SavedFile>;
  if (typeof read.left !== "object") throw new ProgramFileError(path, "what is left is missing");
  return read as SavedFile;
}

/** Throws ProgramFileError. */
export function readShard(path: string): ShardFile {
  const read = readFile(path, SHARD) as Partial<ShardFile>;
  if (typeof read.result !== "object" || typeof read.shard !== "number" || typeof read.of !== "number")
    throw new ProgramFileError(path, "shard, of or result is missing");
  return read as ShardFile;
}

/** Throws ProgramFileError unless the file is of this program. */
export function checkProgram(path: string, { fingerprint }: Header, explorable: Explorable): void {
  if (explorable.makeSystem().fingerprint === fingerprint) return;
  throw new ProgramFileError(path, "the program or its options are no longer those that were explored");
}

function readFile(path: string, format: string): Partial<Header> {
  let read: (Partial<Header> & { format?: unknown; version?: unknown }) | null;
  try {
    read = JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw new ProgramFileError(path, messageOf(cause), cause);
  }
  if (read?.format !== format)
    throw new ProgramFileError(path, `no ${format}: format is ${JSON.stringify(read?.format)}`);
  if (read.version !== VERSION)
    throw new ProgramFileError(
      path,
      `no ${format} of version ${VERSION}: version is ${String(read.version)}`,
    );
  const { program, fingerprint, options } = read;
  const named = typeof program?.file === "string" || typeof program?.builtin === "string";
  if (!named || typeof fingerprint !== "string" || typeof options !== "object")
    throw new ProgramFileError(path, "program, fingerprint or options are missing");
  return read;
}
