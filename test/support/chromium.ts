/** Where there is a Chromium to show reports in. */
import { existsSync } from "node:fs";

export const NO_CHROMIUM =
  "There is no Chromium: install it (apt-get install chromium) or set CHROMIUM to where it is. Tests of reports in a browser are skipped.";

const KNOWN: readonly string[] = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/usr/bin/google-chrome-stable",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/** `CHROMIUM`, or where systems put it; undefined: there is none. */
export function findChromium(): string | undefined {
  const given = process.env["CHROMIUM"];
  if (given !== undefined && given !== "") return given;
  return KNOWN.find((path) => existsSync(path));
}
