/** Texts in shared words: as much of one as there is room for. */
import { textOf } from "../diagnostics/text-of.ts";
import { TEXT_BYTES } from "./layout.ts";

/** Writes a text at word number `at`, and its length in bytes into word `length`. */
export function putText(words: Int32Array, at: number, length: number, text: string): void {
  const bytes = new Uint8Array(TEXT_BYTES);
  const { written } = new TextEncoder().encodeInto(text, bytes);
  new Uint8Array(words.buffer, at * 4, TEXT_BYTES).set(bytes);
  words[length] = written;
}

export function takeText(words: Int32Array, at: number, length: number): string {
  // A decoder takes no shared memory.
  return new TextDecoder().decode(new Uint8Array(words.buffer, at * 4, words[length]!).slice());
}

/** What a child has thrown, for its parent: the name, the code and the message of an error, or what else it is as a text. */
export function textOfThrown(error: unknown): string {
  if (!(error instanceof Error)) return `\n\n${textOf(error)}`;
  const code = "code" in error ? String(error.code) : "";
  return [error.name, code, error.message].join("\n");
}

/** An error again, without its stack, which is of no use to another thread; or a text. */
export function thrownOfText(text: string): unknown {
  const [name = "", code = "", ...message] = text.split("\n");
  if (name === "") return message.join("\n");
  const error = new Error(message.join("\n"));
  return Object.assign(error, { name }, code === "" ? {} : { code });
}
