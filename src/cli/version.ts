/** The version of the package. */
import { readFileSync } from "node:fs";

/** package.json is two folders up from here, in the sources and in the package. */
export function version(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}
