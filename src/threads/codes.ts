/** The functions that the threads of a runtime run, numbered, because a number fits a word. */
import { ThreadError } from "./errors.ts";
import type { Code } from "./messages.ts";

export class Codes {
  readonly all: Code[] = [];
  readonly #numbers: Map<string, number> = new Map();
  readonly #announce: (code: Code) => void;

  /** `announce` tells the Workers there are of one that is new. */
  constructor(announce: (code: Code) => void) {
    this.#announce = announce;
  }

  /** The number of a function. Throws ERR_OPTION for what is no absolute URL. */
  numberOf(url: URL | string, name: string): number {
    const key = `${String(url)} ${name}`;
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    if (!URL.canParse(String(url)))
      throw new ThreadError("ERR_OPTION", `a module is named by an absolute URL, got ${String(url)}`);
    const code: Code = { number: this.all.length, url: String(url), export: name };
    this.all.push(code);
    this.#numbers.set(key, code.number);
    this.#announce(code);
    return code.number;
  }
}
