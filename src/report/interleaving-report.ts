/** The report of an interleaving: a counterexample to be walked through. */
import { htmlOf } from "./html.ts";
import type { InterleavingData } from "./model/interleaving-data.ts";

/** The document, in pieces. */
export function interleavingHtml(data: InterleavingData): Generator<string, void, undefined> {
  return htmlOf({ page: "interleaving", title: data.title, data, charts: false });
}
