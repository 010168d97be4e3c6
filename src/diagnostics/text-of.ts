/** What a user's code has thrown or returned, as a text. It may be anything: `String()` runs code of the value's own, or finds none, and throws. */

export function textOf(value: unknown): string {
  try {
    return String(value);
  } catch {
    return typeof value;
  }
}

/** The message of an error, the text of anything else. A message may be anything, too, and reading it runs code of the error's own. */
export function messageOf(thrown: unknown): string {
  try {
    return thrown instanceof Error ? textOf(thrown.message) : textOf(thrown);
  } catch {
    return textOf(thrown);
  }
}

const BRIEF = 40;

/** The text of a value on one line, of a function its beginning. */
export function briefOf(value: unknown): string {
  const line = textOf(value).replaceAll(/\s+/g, " ");
  return line.length <= BRIEF ? line : `${line.slice(0, BRIEF)}...`;
}
