/**
 * Which part of a value cannot be cloned. The clone itself says so, but not where: it gives the text of a function that may be
 * anybody's. So whoever has failed to clone a value asks here, and each part is tried for itself.
 */
import { briefOf } from "./text-of.ts";

/** Bounds of the search: what lies deeper is not looked at, and neither are the later parts of something long. */
const MAX_DEPTH = 16;
const MAX_PARTS = 1000;

/** "args.list[2] is a function, () => 1", of a `value` called `name`; undefined: it can be cloned. Runs getters, as a clone does. */
export function whyNotCloned(value: unknown, name: string): string | undefined {
  if (isCloned(value)) return undefined;
  return partOf(value, name, MAX_DEPTH);
}

function isCloned(value: unknown): boolean {
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
}

/** Of what cannot be cloned: the first part that is not to blame for a part of its own. */
function partOf(value: unknown, name: string, depth: number): string {
  for (const [path, part] of depth === 0 ? [] : partsOf(value))
    if (!isCloned(part)) return partOf(part, `${name}${path}`, depth - 1);
  return `${name} is ${kindOf(value)}`;
}

function partsOf(value: unknown): readonly (readonly [path: string, part: unknown])[] {
  if (typeof value !== "object" || value === null) return [];
  if (Array.isArray(value)) return value.slice(0, MAX_PARTS).map((part, at) => [`[${at}]`, part]);
  if (value instanceof Map) return [...value].slice(0, MAX_PARTS).flatMap(partsOfEntry);
  if (value instanceof Set) return [...value].slice(0, MAX_PARTS).map((part) => ["{}", part]);
  return Object.keys(value)
    .slice(0, MAX_PARTS)
    .map((key) => [`.${key}`, partOfObject(value, key)]);
}

function partsOfEntry([key, part]: readonly [unknown, unknown]): (readonly [string, unknown])[] {
  return [
    ["{key}", key],
    [`{${briefOf(key)}}`, part],
  ];
}

/** A getter that throws is what cannot be cloned; nothing is to be said of its value. */
function partOfObject(value: object, key: string): unknown {
  try {
    return (value as Readonly<Record<string, unknown>>)[key];
  } catch {
    return undefined;
  }
}

function kindOf(value: unknown): string {
  if (typeof value === "function") return `a function, ${briefOf(value)}`;
  if (typeof value === "symbol") return `a symbol, ${briefOf(value)}`;
  return Object.prototype.toString.call(value);
}
