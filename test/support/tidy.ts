/**
 * The rules of the house, as functions from a source text to a list of violations.
 * `test/tidy.test.ts` applies them to the whole tree; docs/architecture.md says why they hold.
 */
import { blankText, findFunctions, findImports, type Import, lineAt } from "./source-text.ts";

/** A file with its path relative to the folder that the rule is about, `/`-separated. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

export type Rule =
  | "layering"
  | "determinism"
  | "packages"
  | "file-length"
  | "function-length"
  | "syntax"
  | "header"
  | "focus";

export interface Violation {
  readonly rule: Rule;
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

/** A violation that is accepted, with the reason; `about` must occur in its message. */
export interface Exception {
  readonly rule: Rule;
  readonly file: string;
  readonly about?: string;
  readonly reason: string;
}

interface Parsed extends SourceFile {
  readonly code: string;
  readonly room: string;
  readonly imports: readonly Import[];
}

const MAX_FILE_LINES = 300;
const MAX_FUNCTION_LINES = 60;

/** The rooms from the top of the house to the bottom: an import goes to the same room or to a greater rank. */
export const ROOMS: ReadonlyMap<string, number> = new Map([
  ["cli", -1],
  ["fast-check", 0],
  ["vitest", 0],
  ["parallel", 0],
  ["bench", 1],
  ["explore", 1],
  ["effection", 1],
  ["library", 1],
  ["report", 1],
  ["machine", 2],
  ["threads", 2],
  ["index", 2],
  ["stepping", 1],
  ["hosts/virtual", 3],
  ["hosts/coroutine", 3],
  ["hosts/explore", 3],
  ["hosts/threads", 3],
  ["server", 4],
  ["worker", 4],
  ["umcg", 5],
  ["kernel-sim", 6],
  ["llist", 7],
  ["trace", 7],
  ["atomics", 8],
  ["random", 8],
  ["interleaving", 8],
  ["diagnostics", 8],
  ["watchdog", 8],
]);

/** The rooms that a program, a configuration and a seed determine entirely. */
const CORE_ROOMS: ReadonlySet<string> = new Set([
  "stepping",
  "hosts/virtual",
  "hosts/coroutine",
  "hosts/explore",
  "server",
  "worker",
  "umcg",
  "kernel-sim",
  "llist",
  "trace",
  "atomics",
  "random",
  "interleaving",
  "explore",
]);

/** What the core may not name: clocks, randomness, timers, promises, the process, and collection by the collector. */
const NONDETERMINISM: readonly RegExp[] = [
  /(?<![\w$.#])(?:Date|performance|process|crypto|globalThis|Promise|WeakRef|FinalizationRegistry)(?![\w$])/g,
  /(?<![\w$.#])(?:setTimeout|setInterval|setImmediate|queueMicrotask)(?![\w$])/g,
  /(?<![\w$.#])(?:async|await)(?![\w$])/g,
  /(?<![\w$.#])Math\s*\.\s*random(?![\w$])/g,
];

const SYNTAX: readonly (readonly [message: string, pattern: RegExp])[] = [
  ["enum: use a const object or numbered constants", /(?<![\w$.#])enum\s+[\w$]+\s*\{/g],
  ["namespace: use a module", /(?<![\w$.#])(?:namespace|module)\s+[\w$.]+\s*\{/g],
  ["default export: export by name", /(?<![\w$.#])export\s+default\b|\bas\s+default\b/g],
  ["any: use unknown or the type itself", /(?<![\w$.#])any(?![\w$])(?!\s*[.(:])/g],
  ["empty catch: handle the error or let it pass", /(?<![\w$#])catch\s*(?:\([^)]*\)\s*)?\{\s*\}/g],
  ["empty catch: handle the error or let it pass", /\.catch\s*\(\s*\([^)]*\)\s*=>\s*\{\s*\}\s*,?\s*\)/g],
];

/** The room of a path relative to `src/`: a folder, a host's folder, or the name of a file at the root. */
export function roomOf(path: string): string {
  const parts = path.split("/");
  if (parts.length === 1) return path.replace(/\.ts$/, "");
  return parts[0] === "hosts" && parts.length > 2 ? `hosts/${parts[1]}` : parts[0]!;
}

/** Everything that is wrong with one file of `src/`. */
export function checkSource(file: SourceFile): Violation[] {
  const code = blankText(file.text);
  const parsed: Parsed = { ...file, code, room: roomOf(file.path), imports: findImports(file.text, code) };
  return [
    ...checkLayering(parsed),
    ...checkCore(parsed),
    ...checkPackages(parsed),
    ...checkLengths(parsed),
    ...checkSyntax(parsed),
    ...checkHeader(parsed),
  ];
}

/** Everything that is wrong with one test file: a test that is focused or skipped. */
export function checkTest(file: SourceFile): Violation[] {
  const code = blankText(file.text);
  return [...code.matchAll(/\.\s*(only|skip)\s*[.(]/g)].map((match) =>
    violation("focus", file, lineAt(code, match.index), `.${match[1]} in a test`),
  );
}

/** Splits violations by the exceptions; an exception that accepts nothing is stale. */
export function applyExceptions(
  violations: readonly Violation[],
  exceptions: readonly Exception[],
): { readonly remaining: Violation[]; readonly stale: Exception[] } {
  const accepts = (exception: Exception, found: Violation): boolean =>
    exception.rule === found.rule &&
    exception.file === found.file &&
    found.message.includes(exception.about ?? "");
  return {
    remaining: violations.filter((found) => !exceptions.some((exception) => accepts(exception, found))),
    stale: exceptions.filter((exception) => !violations.some((found) => accepts(exception, found))),
  };
}

export function formatViolation({ file, line, message }: Violation): string {
  return `${file}:${line} ${message}`;
}

function violation(rule: Rule, file: SourceFile, line: number, message: string): Violation {
  return { rule, file: file.path, line, message };
}

function checkLayering(file: Parsed): Violation[] {
  if (!ROOMS.has(file.room)) return [violation("layering", file, 1, unknownRoom(file.room))];
  const found: Violation[] = [];
  for (const { specifier, line } of file.imports) {
    if (!specifier.startsWith(".")) continue;
    const target = resolvePath(file.path, specifier);
    const message = target === undefined ? `${specifier} is outside src` : whyForbidden(file, roomOf(target));
    if (message !== undefined) found.push(violation("layering", file, line, message));
  }
  return found;
}

function whyForbidden(file: Parsed, target: string): string | undefined {
  const from = file.room;
  if (from === target) return undefined;
  const [fromRank, toRank] = [ROOMS.get(from)!, ROOMS.get(target)];
  if (toRank === undefined) return unknownRoom(target);
  if (from === "index" || (from === "worker" && target === "server")) return undefined;
  if (fromRank < toRank) return undefined;
  return `${from} may not import ${target}: ${fromRank === toRank ? "they are side by side" : "an import only goes down"}`;
}

function unknownRoom(room: string): string {
  return `unknown room "${room}": add it to ROOMS in test/support/tidy.ts and to docs/architecture.md`;
}

/** A relative specifier as a path from the root of the tree, or undefined if it leaves it. */
function resolvePath(from: string, specifier: string): string | undefined {
  const parts = from.split("/").slice(0, -1);
  for (const part of specifier.split("/")) {
    if (part === "." || part === "") continue;
    if (part !== "..") parts.push(part);
    else if (parts.pop() === undefined) return undefined;
  }
  return parts.join("/");
}

/** The one room of each package. */
const PACKAGES: ReadonlyMap<string, string> = new Map([
  ["effection", "effection"],
  ["fast-check", "fast-check"],
  ["vitest", "vitest"],
  ["p-queue", "hosts/threads"],
  ["uplot", "report"],
]);

function checkPackages(file: Parsed): Violation[] {
  const packages = file.imports.filter(({ specifier }) => !/^(?:\.|node:)/.test(specifier));
  return packages
    .filter(({ specifier }) => PACKAGES.get(specifier) !== file.room)
    .map(({ specifier, line }) =>
      violation("packages", file, line, `import of ${specifier} in ${file.room}, which imports no package`),
    );
}

function checkCore(file: Parsed): Violation[] {
  if (!CORE_ROOMS.has(file.room)) return [];
  const found: Violation[] = [];
  for (const pattern of NONDETERMINISM) {
    for (const match of file.code.matchAll(pattern)) {
      const message = `${match[0].replace(/\s+/g, "")} in ${file.room}, which must be deterministic`;
      found.push(violation("determinism", file, lineAt(file.code, match.index), message));
    }
  }
  for (const { specifier, line } of file.imports) {
    if (!specifier.startsWith("node:")) continue;
    const message = `import of ${specifier} in ${file.room}, which must be deterministic`;
    found.push(violation("determinism", file, line, message));
  }
  return found;
}

function checkLengths(file: Parsed): Violation[] {
  const found: Violation[] = [];
  const lines = file.text.replace(/\n$/, "").split("\n").length;
  if (lines > MAX_FILE_LINES) {
    found.push(
      violation("file-length", file, lines, `${lines} lines in a file, the guide is ${MAX_FILE_LINES}`),
    );
  }
  for (const span of findFunctions(file.code)) {
    if (span.lines <= MAX_FUNCTION_LINES) continue;
    const message = `${span.lines} lines in ${span.name}, the guide is ${MAX_FUNCTION_LINES}`;
    found.push(violation("function-length", file, span.line, message));
  }
  return found;
}

function checkSyntax(file: Parsed): Violation[] {
  return SYNTAX.flatMap(([message, pattern]) =>
    [...file.code.matchAll(pattern)].map((match) =>
      violation("syntax", file, lineAt(file.code, match.index), message),
    ),
  );
}

function checkHeader(file: Parsed): Violation[] {
  const lines = file.text.split("\n");
  const first = lines.findIndex(
    (line, index) => line.trim() !== "" && !(index === 0 && line.startsWith("#!")),
  );
  if (/^(?:\/\*\*|\/\/)/.test(lines[first] ?? "")) return [];
  return [violation("header", file, Math.max(first, 0) + 1, "no header comment: say what the file is for")];
}
