/**
 * Arguments and results that fit words: numbers, booleans, undefined and null. Everything else is cloned through a port, which
 * costs some microseconds more.
 */
import type { Board } from "./board.ts";
import { ARGS, ARGUMENTS, MAX_ARGUMENTS, RESULT, RESULT_VALUE } from "./layout.ts";

/** In ARGS: they are in the port. */
export const ARGS_IN_PORT = -1;

/** In RESULT. */
export const RESULT_NUMBER = 0;
export const RESULT_UNDEFINED = 1;
export const RESULT_NULL = 2;
export const RESULT_FALSE = 3;
export const RESULT_TRUE = 4;
export const RESULT_IN_PORT = 5;
/** What was thrown is in the port. */
export const RESULT_THROWN = 6;
export const RESULT_NOT_LOADED = 7;
export const RESULT_ASYNC = 8;
export const RESULT_NOT_CLONED = 9;

/** Puts arguments into the record, if they are numbers and few. False: they must go through the port. */
export function putArguments(board: Board, record: number, values: readonly unknown[]): boolean {
  board.words[record + ARGS] = ARGS_IN_PORT;
  if (values.length > MAX_ARGUMENTS) return false;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (typeof value !== "number") return false;
    board.times[(record >> 1) + ARGUMENTS + i] = value;
  }
  board.words[record + ARGS] = values.length;
  return true;
}

/** The arguments that are in the record; undefined: they are in the port. */
export function takeArguments(board: Board, record: number): number[] | undefined {
  const count = board.words[record + ARGS]!;
  if (count === ARGS_IN_PORT) return undefined;
  const values: number[] = [];
  for (let i = 0; i < count; i++) values.push(board.times[(record >> 1) + ARGUMENTS + i]!);
  return values;
}

/** The kind of a result; RESULT_IN_PORT: it does not fit a word. */
export function kindOfResult(value: unknown): number {
  if (typeof value === "number") return RESULT_NUMBER;
  if (value === undefined) return RESULT_UNDEFINED;
  if (value === null) return RESULT_NULL;
  if (typeof value === "boolean") return value ? RESULT_TRUE : RESULT_FALSE;
  return RESULT_IN_PORT;
}

/** The result that is in the record. Its kind is below RESULT_IN_PORT. */
export function takeResult(board: Board, record: number): unknown {
  const kind = board.words[record + RESULT]!;
  if (kind === RESULT_NUMBER) return board.times[(record >> 1) + RESULT_VALUE];
  if (kind === RESULT_NULL) return null;
  return kind === RESULT_UNDEFINED ? undefined : kind === RESULT_TRUE;
}
