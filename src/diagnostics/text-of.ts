/** What a user's code has thrown or returned, as a text. It may be anything: `String()` runs code of the value's own, or finds none, and throws. */

export function textOf(value: unknown): string {
  try {
    return String(value);
  } catch {
    return typeof value;
  }
}
