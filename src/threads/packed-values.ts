/**
 * Values on their way through a channel: a place is a kind, a length in bytes, and the bytes.
 *
 * Numbers and the like are not serialized: that would take as long as all the rest.
 */
import { deserialize, serialize } from "node:v8";
import { textOf } from "../diagnostics/text-of.ts";
import type { Board } from "./board.ts";
import { ThreadError } from "./errors.ts";
import {
  kindOfResult,
  RESULT_FALSE,
  RESULT_IN_PORT,
  RESULT_NULL,
  RESULT_NUMBER,
  RESULT_TRUE,
  RESULT_UNDEFINED,
} from "./values.ts";

export interface Packed {
  /** RESULT_; RESULT_IN_PORT: serialized. */
  readonly kind: number;
  readonly number: number;
  readonly bytes: Uint8Array;
}

const NO_BYTES: Uint8Array = new Uint8Array(0);

/** Throws ERR_ARGUMENTS for what cannot be serialized. */
export function pack(value: unknown): Packed {
  const kind = kindOfResult(value);
  if (kind !== RESULT_IN_PORT)
    return { kind, number: kind === RESULT_NUMBER ? (value as number) : 0, bytes: NO_BYTES };
  try {
    return { kind, number: 0, bytes: serialize(value) };
  } catch (cause) {
    throw new ThreadError("ERR_ARGUMENTS", `${textOf(value)} cannot be sent: it cannot be serialized`, {
      cause,
    });
  }
}

export function unpack({ kind, number, bytes }: Packed): unknown {
  if (kind === RESULT_NUMBER) return number;
  if (kind === RESULT_UNDEFINED) return undefined;
  if (kind === RESULT_NULL) return null;
  return kind === RESULT_TRUE || kind === RESULT_FALSE ? kind === RESULT_TRUE : deserialize(bytes);
}

/** By who has the lock. It fits. */
export function putPacked({ words, times }: Board, place: number, { kind, number, bytes }: Packed): void {
  words[place] = kind;
  words[place + 1] = bytes.length;
  if (kind === RESULT_NUMBER) times[(place >> 1) + 1] = number;
  else if (kind === RESULT_IN_PORT) new Uint8Array(words.buffer, (place + 2) * 4, bytes.length).set(bytes);
}

/** By who has the lock. */
export function copyOut({ words, times }: Board, place: number): Packed {
  const kind = words[place]!;
  const bytes =
    kind === RESULT_IN_PORT
      ? new Uint8Array(words.buffer, (place + 2) * 4, words[place + 1]!).slice()
      : NO_BYTES;
  return { kind, number: kind === RESULT_NUMBER ? times[(place >> 1) + 1]! : 0, bytes };
}
