/** Texts in shared words: as much of one as there is room for. */
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
