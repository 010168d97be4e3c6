/**
 * Pictures of reports, to be looked at: light and dark, 1280 and 390 pixels wide, into a folder that is not committed.
 *
 *     npm run screenshots                             reports of its own, into screenshots/
 *     npm run screenshots -- out a.html b.html#step=4 ...   of these files
 */
import { mkdirSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import { nodeIo } from "../src/cli/io.ts";
import { runCli } from "../src/cli/run-cli.ts";
import { findChromium, NO_CHROMIUM } from "../test/support/chromium.ts";

const OWN: readonly (readonly [file: string, ...command: string[]])[] = [
  ["block.html", "bench", "umcg-block"],
  ["pipe.html", "bench", "pipe", "--wake", "current-cpu", "--against", "any", "--vcpus", "4", "--jitter"],
  ["matrix.html", "bench", "--matrix"],
  ["threads.html", "bench", "pipe", "--host", "threads", "--against", "same", "--loops", "2000"],
  [
    "openloop.html",
    "bench",
    "openloop",
    "--rate",
    "100krps",
    "--service",
    "bimodal:99,4us,1,1ms",
    "--workers",
    "32",
  ],
  ["lost-update.html#step=4", "replay", "test/cli/programs/lost-update.ts", "--schedule", "0*2 1 2*2 1"],
];

const [folder = "screenshots", ...given] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });

const executablePath = findChromium();
if (executablePath === undefined) throw new Error(NO_CHROMIUM);
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
for (const file of given.length > 0 ? given : await ownReports()) {
  for (const colorScheme of ["light", "dark"] as const)
    for (const width of [1280, 390]) await picture(file, colorScheme, width);
}
await browser.close();

async function ownReports(): Promise<string[]> {
  const files: string[] = [];
  const io = { ...nodeIo(), stdout: { ...nodeIo().stdout, write: () => undefined } };
  for (const [file, ...command] of OWN) {
    const path = join(folder, file);
    await runCli([...command, "--report", path.replace(/#.*/, "")], io);
    files.push(path);
  }
  return files;
}

async function picture(file: string, colorScheme: "light" | "dark", width: number): Promise<void> {
  const [path = "", hash = ""] = file.split("#");
  const page = await browser.newPage({ colorScheme, viewport: { width, height: 900 } });
  page.on("console", (message) => console.error(`${file}: ${message.text()}`));
  page.on("pageerror", (error) => console.error(`${file}: ${error.message}`));
  await page.goto(`${pathToFileURL(resolve(path)).href}#${hash}`);
  await page.waitForSelector("html[data-ready]");
  // What is drawn in the frame after.
  await page.waitForTimeout(300);
  const name = `${basename(path, ".html")}-${colorScheme}-${width}.png`;
  await page.screenshot({ path: join(folder, name), fullPage: true });
  await page.close();
}
