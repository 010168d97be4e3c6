/** Values of a description, each with its place for the error that names it. */
import type { JsonNode } from "./json-text.ts";
import { RtappError } from "./rtapp-error.ts";

export interface Field {
  readonly key: string;
  /** From the outermost key. */
  readonly path: string;
  readonly node: JsonNode;
  readonly line: number;
}

export function fail({ path, line }: Field, problem: string): RtappError {
  return new RtappError(path, line, problem);
}

/** The entries of an object, in their order. Throws RtappError. */
export function fieldsOf(field: Field): Field[] {
  const { value } = field.node;
  if (typeof value !== "object" || value === null || !("members" in value)) throw wrong(field, "an object");
  return value.members.map(({ key, node, line }) => ({
    key,
    path: field.path === "" ? key : `${field.path}.${key}`,
    node,
    line,
  }));
}

export function integer(field: Field, low: number, high: number): number {
  const { value } = field.node;
  if (typeof value === "number" && Number.isInteger(value) && value >= low && value <= high) return value;
  throw wrong(field, `an integer from ${low} to ${high}`);
}

export function text(field: Field): string {
  const { value } = field.node;
  if (typeof value === "string") return value;
  throw wrong(field, "a string");
}

export function integers(field: Field, low: number, high: number): number[] {
  const { value } = field.node;
  if (!Array.isArray(value) || value.length === 0) throw wrong(field, "a list of integers");
  return value.map((node: JsonNode, at) =>
    integer({ ...field, path: `${field.path}[${at}]`, node }, low, high),
  );
}

export function boolean(field: Field): boolean {
  const { value } = field.node;
  if (typeof value === "boolean") return value;
  throw wrong(field, "true or false");
}

export function wrong(field: Field, wanted: string): RtappError {
  const { value } = field.node;
  const shown =
    typeof value === "object" && value !== null
      ? Array.isArray(value)
        ? "a list"
        : "an object"
      : JSON.stringify(value);
  return fail(field, `must be ${wanted}, is ${shown}`);
}
