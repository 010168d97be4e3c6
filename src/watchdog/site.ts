/**
 * Places in the text of programs: which code is the user's, and where it was before a test runner transformed it.
 *
 * Test runners translate the stacks of errors through `Error.prepareStackTrace`, and offer nothing else. So that is given a stack of one
 * frame; V8's own is used where nobody has put another.
 */
import { findSourceMap } from "node:module";
import { fileURLToPath } from "node:url";

/** What lies below this is this project. */
const HOME: string = new URL("../", import.meta.url).href;
/** A column behind all that a line has: of a frame of which the line is known and no more. */
const END_OF_LINE = 10_000;

export function isUsers(url: string): boolean {
  const href = url.startsWith("/") ? `file://${url}` : url;
  return /^(?:file|data):/.test(href) && !href.startsWith(HOME);
}

/** "file:///program.ts:12:5", as it was written, if somebody knows. Lines and columns from 1; without `column` there is none. */
export function original(url: string, line: number, column?: number): string {
  const entry = findSourceMap(url)?.findEntry(line - 1, (column ?? END_OF_LINE) - 1);
  if (entry !== undefined && "originalSource" in entry)
    return placeOf(entry.originalSource, entry.originalLine + 1, column && entry.originalColumn + 1);
  const [, told, itsColumn] = /^(.*:\d+):(\d+)$/.exec(translated(url, line, column) ?? "") ?? [];
  if (told === undefined) return placeOf(url, line, column);
  return column === undefined ? told : `${told}:${itsColumn}`;
}

/** Of the innermost frame of an error's stack that is the user's, "file:///program.ts:12:5"; undefined: there is none. */
export function placeOfError(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const frames = String(error.stack).split("\n");
  // Of a text that is no program: Node says it in front, and the frames are its own.
  if (error instanceof SyntaxError && /^(?:file:|\/).*:\d+$/.test(frames[0]!)) return frames[0];
  for (const frame of frames) {
    const [, place, url] = /\(?((\S+):\d+:\d+)\)?$/.exec(frame) ?? [];
    if (url !== undefined && isUsers(url) && !url.includes("/node_modules/")) return place;
  }
  return placeOfError(error.cause);
}

function placeOf(url: string, line: number, column: number | undefined): string {
  return `${url}:${line}${column === undefined ? "" : `:${column}`}`;
}

function translated(url: string, line: number, column = END_OF_LINE): string | undefined {
  const { prepareStackTrace } = Error;
  if (prepareStackTrace === undefined) return undefined;
  // Stacks have paths of what such runners load, the profiler and the debugger write URLs.
  const path = url.startsWith("file:") ? fileURLToPath(url) : url;
  const site = new Site(path, line, column) as unknown as NodeJS.CallSite;
  const told: unknown = prepareStackTrace(new Error(""), [site]);
  const place = typeof told === "string" ? /((?:file:\/\/)?\/[^()\s]+:\d+:\d+)/.exec(told)?.[1] : undefined;
  return place === `${path}:${line}:${column}` ? undefined : place;
}

/** A frame of a stack. A class, because methods are copied from its prototype. */
class Site {
  readonly url: string;
  readonly line: number;
  readonly column: number;
  constructor(url: string, line: number, column: number) {
    this.url = url;
    this.line = line;
    this.column = column;
  }
  getFileName(): string {
    return this.url;
  }
  getScriptNameOrSourceURL(): string {
    return this.url;
  }
  getLineNumber(): number {
    return this.line;
  }
  getColumnNumber(): number {
    return this.column;
  }
  getFunctionName(): null {
    return null;
  }
  getTypeName(): null {
    return null;
  }
  getMethodName(): null {
    return null;
  }
  getEvalOrigin(): undefined {
    return undefined;
  }
  isNative(): boolean {
    return false;
  }
  isEval(): boolean {
    return false;
  }
  isToplevel(): boolean {
    return true;
  }
  isConstructor(): boolean {
    return false;
  }
  isAsync(): boolean {
    return false;
  }
  toString(): string {
    return placeOf(this.url, this.line, this.column);
  }
}
