/**
 * Enough of TypeScript's lexical grammar to search a source text without a parser: comments and the insides of
 * strings are replaced by spaces, so that every offset and line number of the result is that of the source.
 */

export interface Import {
  readonly specifier: string;
  readonly line: number;
}

export interface FunctionSpan {
  readonly name: string;
  readonly line: number;
  readonly lines: number;
}

type Span = readonly [start: number, end: number];

/** The 1-based line of an offset. */
export function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf("\n"); at !== -1 && at < offset; at = text.indexOf("\n", at + 1)) line++;
  return line;
}

/** The text with comments, and what is between the quotes of strings, templates and regular expressions, blanked. */
export function blankText(text: string): string {
  const spans: Span[] = [];
  let start = 0;
  if (text.startsWith("#!")) {
    start = endOfLine(text, 0);
    spans.push([0, start]);
  }
  scanCode(text, start, spans);
  let result = "";
  let done = 0;
  for (const [from, to] of spans) {
    result += text.slice(done, from) + text.slice(from, to).replace(/[^\n]/g, " ");
    done = to;
  }
  return result + text.slice(done);
}

/** Scans code from `start` to the end, or to the brace that closes a template's `${`; returns where it stopped. */
function scanCode(text: string, start: number, spans: Span[]): number {
  let depth = 0;
  let at = start;
  while (at < text.length) {
    const char = text[at];
    if (char === "/" && (text[at + 1] === "/" || text[at + 1] === "*")) {
      const end = text[at + 1] === "/" ? endOfLine(text, at) : after(text, "*/", at + 2);
      spans.push([at, end]);
      at = end;
    } else if (char === '"' || char === "'") {
      at = scanQuoted(text, at, char, spans);
    } else if (char === "`") {
      at = scanTemplate(text, at, spans);
    } else if (char === "/" && regexMayStart(text, at)) {
      at = scanQuoted(text, at, "/", spans);
    } else {
      if (char === "{") depth++;
      if (char === "}" && depth-- === 0 && start > 0 && text.startsWith("${", start - 2)) return at;
      at++;
    }
  }
  return at;
}

function scanQuoted(text: string, start: number, quote: string, spans: Span[]): number {
  let inClass = false;
  let at = start + 1;
  for (; at < text.length && text[at] !== "\n"; at++) {
    const char = text[at];
    if (char === "\\") at++;
    else if (quote === "/" && char === "[") inClass = true;
    else if (quote === "/" && char === "]") inClass = false;
    else if (char === quote && !inClass) break;
  }
  spans.push([start + 1, at]);
  return at + 1;
}

function scanTemplate(text: string, start: number, spans: Span[]): number {
  let from = start + 1;
  let at = from;
  while (at < text.length && text[at] !== "`") {
    if (text[at] === "\\") {
      at += 2;
    } else if (text.startsWith("${", at)) {
      spans.push([from, at]);
      at = scanCode(text, at + 2, spans) + 1;
      from = at;
    } else {
      at++;
    }
  }
  spans.push([from, Math.min(at, text.length)]);
  return at + 1;
}

/** A slash divides after an operand and begins a regular expression after anything else. */
function regexMayStart(text: string, at: number): boolean {
  const before = text.slice(Math.max(0, at - 40), at).trimEnd();
  if (/(?:^|[^\w$.])(?:return|typeof|case|in|of|yield|else|do|void|delete|throw)$/.test(before)) return true;
  return !/[\w$)\]"'`]$/.test(before);
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf("\n", from);
  return end === -1 ? text.length : end;
}

function after(text: string, mark: string, from: number): number {
  const found = text.indexOf(mark, from);
  return found === -1 ? text.length : found + mark.length;
}

/** Every `import`, `export ... from` and `import()` of a literal, given a source text and its blanked form. */
export function findImports(text: string, code: string): Import[] {
  const imports: Import[] = [];
  for (const match of code.matchAll(/(?<![\w$.])(?:from|import)\s*\(?\s*(["'`])( *)\1/g)) {
    const end = match.index + match[0].length - 1;
    const specifier = text.slice(end - match[2]!.length, end);
    imports.push({ specifier, line: lineAt(code, match.index) });
  }
  return imports;
}

const NOT_METHODS =
  /^(?:if|for|while|switch|catch|with|return|function|super|else|do|new|throw|yield|await)$/;
const FUNCTION_HEAD = /\bfunction\b\s*\*?\s*([\w$]*)/;
const METHOD_HEAD =
  /^(?:(?:public|private|protected|static|override|async|get|set) )*\*?(\[[^\]]+\]|#?[\w$]+)(?:<.*>)?\(/;
const ARROW_HEAD = /=> \{$/;

/** The name in the first line of a function, or undefined if the line begins none. */
function functionHead(line: string): string | undefined {
  const declared = FUNCTION_HEAD.exec(line);
  if (declared !== null) return declared[1] === "" ? "function" : declared[1];
  const method = METHOD_HEAD.exec(line)?.[1];
  if (method !== undefined && !NOT_METHODS.test(method) && !line.includes("=>")) return method;
  return ARROW_HEAD.test(line) ? "arrow function" : undefined;
}

/**
 * Every function, method and arrow function that has a block body of more than one line, given a blanked text.
 * It relies on the formatter: a body ends at the first line that has the indentation of its head and begins with a
 * closing brace (not `} {`, the end of a return type), and a head without a body ends with a parenthesis there.
 */
export function findFunctions(code: string): FunctionSpan[] {
  const lines = code.split("\n").map((line) => line.trimEnd());
  const found: FunctionSpan[] = [];
  for (const [index, line] of lines.entries()) {
    const text = line.trimStart();
    const name = functionHead(text);
    if (name === undefined || !/[{(,<]$/.test(line)) continue;
    const indent = line.slice(0, line.length - text.length);
    for (let end = index + 1; end < lines.length; end++) {
      const last = lines[end]!;
      if (!last.startsWith(indent)) break;
      if (/^\).*[^{]$/.test(last.slice(indent.length))) break;
      if (last[indent.length] !== "}" || last.endsWith("{")) continue;
      found.push({ name, line: index + 1, lines: end - index + 1 });
      break;
    }
  }
  return found;
}
