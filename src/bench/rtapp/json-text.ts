/**
 * JSON as rt-app's files have it, read with order, repeated keys and lines kept.
 *
 * The keys of a phase are its events in their order, and one key may be there twice; JSON.parse would keep the last of them
 * and put numeric names first. Comments and commas behind the last element are in many of those files, and allowed.
 */
import { RtappError } from "./rtapp-error.ts";

export interface JsonEntry {
  readonly key: string;
  readonly node: JsonNode;
  readonly line: number;
}

export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonNode[]
  | { readonly members: readonly JsonEntry[] };

export interface JsonNode {
  readonly value: JsonValue;
  readonly line: number;
}

/** Space and comments; a word; a string with its escapes; or one sign. */
const TOKEN =
  /(?<space>(?:\s|\/\/[^\n]*|\/\*[\s\S]*?\*\/)+)|(?<word>[-+\w.]+)|(?<string>"(?:[^"\\\n]|\\.)*")|(?<sign>[{}[\],:])/y;

interface Token {
  readonly text: string;
  readonly kind: "word" | "string" | "sign" | "end";
  readonly line: number;
}

/** Throws RtappError with the line. */
export function parseJsonText(text: string): JsonNode {
  const reader = new Reader(tokensOf(text));
  const node = reader.node(0);
  reader.expect("", "the end");
  return node;
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let [at, line] = [0, 1];
  while (at < text.length) {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(text);
    if (match === null)
      throw new RtappError("", line, `cannot read ${JSON.stringify(text.slice(at, at + 10))}`);
    const [matched] = match;
    const { word, string, sign } = match.groups!;
    const kind = word !== undefined ? "word" : string !== undefined ? "string" : "sign";
    if ((word ?? string ?? sign) !== undefined) tokens.push({ text: matched, kind, line });
    line += matched.split("\n").length - 1;
    at += matched.length;
  }
  return [...tokens, { text: "", kind: "end", line }];
}

const DEEPEST = 32;

class Reader {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  expect(text: string, called: string): Token {
    const token = this.#next();
    if (token.text !== text || token.kind === "string") throw this.#unexpected(token, called);
    return token;
  }

  node(depth: number): JsonNode {
    const token = this.#next();
    const { line, text, kind } = token;
    if (depth > DEEPEST) throw new RtappError("", line, "is nested too deeply");
    if (kind === "string") return { value: stringOf(token), line };
    if (kind === "word") return { value: this.#word(token), line };
    if (text === "{") return { value: { members: this.#entries(depth) }, line };
    if (text === "[") return { value: this.#elements(depth), line };
    throw this.#unexpected(token, "a value");
  }

  #entries(depth: number): JsonEntry[] {
    const entries: JsonEntry[] = [];
    while (!this.#closes("}", entries.length)) {
      const key = this.#next();
      if (key.kind !== "string") throw this.#unexpected(key, "a key");
      this.expect(":", "a colon");
      entries.push({ key: stringOf(key), node: this.node(depth + 1), line: key.line });
    }
    return entries;
  }

  #elements(depth: number): JsonNode[] {
    const elements: JsonNode[] = [];
    while (!this.#closes("]", elements.length)) elements.push(this.node(depth + 1));
    return elements;
  }

  /** Goes over a comma, and over the closing sign if it is there. */
  #closes(sign: string, before: number): boolean {
    if (before > 0 && this.#tokens[this.#at]!.text !== sign) this.expect(",", `a comma or ${sign}`);
    if (this.#tokens[this.#at]!.text !== sign) return false;
    this.#at++;
    return true;
  }

  #word(token: Token): JsonValue {
    // Python's spellings are in files that workgen was to repair.
    const named: Readonly<Record<string, boolean | null>> = {
      true: true,
      false: false,
      True: true,
      False: false,
      null: null,
    };
    const value = named[token.text];
    if (value !== undefined) return value;
    const number = Number(token.text);
    if (Number.isFinite(number)) return number;
    throw this.#unexpected(token, "a value");
  }

  #next(): Token {
    const token = this.#tokens[Math.min(this.#at, this.#tokens.length - 1)]!;
    this.#at++;
    return token;
  }

  #unexpected({ text, kind, line }: Token, wanted: string): RtappError {
    return new RtappError("", line, `expected ${wanted}, got ${kind === "end" ? "the end" : text}`);
  }
}

function stringOf({ text, line }: Token): string {
  try {
    return JSON.parse(text) as string;
  } catch (cause) {
    throw new RtappError("", line, `${text} is no string: ${(cause as Error).message}`);
  }
}
