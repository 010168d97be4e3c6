/**
 * A report file: one HTML document that asks nobody for anything.
 *
 * Its Content-Security-Policy allows what is inside and nothing else, so that a browser refuses a request that a mistake would
 * make. Data come as JSON and as bytes in base64, deflated; the page inflates them with what the browser has.
 *
 * uPlot (MIT, by Leon Sorokin) draws the charts and is inlined with its style sheet; its licence stands in its first lines.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { deflateRawSync } from "node:zlib";
import { linkPage } from "./linker.ts";
import { STYLE } from "./style/style.ts";

export type PageName = "bench" | "interleaving";

export interface PageParts {
  readonly page: PageName;
  readonly title: string;
  /** Anything that JSON can hold. */
  readonly data: unknown;
  /** Elements with bytes, by id. */
  readonly bytes?: ReadonlyMap<string, Uint8Array>;
  /** Put uPlot in. */
  readonly charts: boolean;
}

const POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:";

const require = createRequire(import.meta.url);

/** The document, in pieces: with a million events it is megabytes long. */
export function* htmlOf({ page, title, data, bytes, charts }: PageParts): Generator<string, void, undefined> {
  yield `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>${escaped(title)}</title>
<style>
`;
  if (charts) yield asset("uplot/dist/uPlot.min.css");
  yield `${STYLE}</style>
</head>
<body>
<noscript><p class="notice">This report draws itself: it needs JavaScript.</p></noscript>
<div id="app"></div>
<script type="application/json" id="data">${jsonInHtml(data)}</script>
`;
  for (const [id, content] of bytes ?? []) {
    yield `<script type="text/plain" id="${escaped(id)}">`;
    yield deflateRawSync(content).toString("base64");
    yield "</script>\n";
  }
  if (charts) yield `<script>\n${inScript(asset("uplot/dist/uPlot.iife.min.js"))}</script>\n`;
  // From the sources .ts, from the package .js.
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  const script = linkPage(new URL(`./page/${page}.${extension}`, import.meta.url));
  yield `<script type="module">\n${inScript(script)}\n</script>\n</body>\n</html>\n`;
}

function asset(path: string): string {
  return `${readFileSync(require.resolve(path), "utf8").trim()}\n`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
}

/** No text can end the element that it is in. */
function jsonInHtml(data: unknown): string {
  return JSON.stringify(data).replaceAll("<", "\\u003c");
}
function inScript(code: string): string {
  return code.replaceAll(/<(?=\/script|!--)/gi, "\\x3c");
}
