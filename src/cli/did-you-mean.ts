/** The word that was meant, as the end of a message. */
import { closest } from "../diagnostics/nearest.ts";

/** `; did you mean "pipe"?`, or what is known if nothing is near. */
export function suggestion(word: string, candidates: readonly string[]): string {
  const meant = closest(word, candidates);
  return meant === undefined ? `; known are ${candidates.join(", ")}` : `; did you mean ${meant}?`;
}
