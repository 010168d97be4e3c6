/** A rule says what a method of one of the kernel's tables touches: it is called with the method's arguments, before it. */
import type { Touches } from "./touches.ts";

export type Rule = (...args: number[]) => void;
/** By method. */
export type Rules = Readonly<Record<string, Rule>>;

export const nothing: Rule = () => {};

/** The same rule for several methods. */
export function all(methods: readonly string[], rule: Rule): Rules {
  return Object.fromEntries(methods.map((method) => [method, rule]));
}

/** Reads and writes of one row of the objects of a name. */
export function row(touches: Touches, base: number): { readonly reads: Rule; readonly writes: Rule } {
  return {
    reads: (at) => touches.read(base + at!),
    writes: (at) => touches.write(base + at!),
  };
}
