/**
 * Options that there are none of: a slip in a name is a default in the place of what was asked for, and nothing says so where there
 * are no types. What is known is written as a record of its keys, which the compiler holds to the type of the options.
 */
import { closest } from "./nearest.ts";

/** The names of the options of a type, all of them. */
export type Known<T> = { readonly [K in keyof Required<T>]: true };

/** `unknown option "vcpu"; did you mean vcpus?` for the first that is not known; undefined: all are. */
export function unknownOption(options: object, known: Readonly<Record<string, true>>): string | undefined {
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(known, name)) continue;
    const meant = closest(name, Object.keys(known));
    const hint =
      meant === undefined ? `; known are ${Object.keys(known).join(", ")}` : `; did you mean ${meant}?`;
    return `unknown option "${name}"${hint}`;
  }
  return undefined;
}
