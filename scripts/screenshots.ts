/**
 * Pictures of reports, to be looked at: light and dark, 1280 and 390 pixels wide, into a folder that is not committed.
 *
 *     npm run screenshots                    reports of its own, into screenshots/
 *     npm run screenshots -- out a.html ...  of these files
 */
import { mkdirSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import { findChromium } from "../test/support/chromium.ts";

const [folder = "screenshots", ...files] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });

const executablePath = findChromium();
if (executablePath === undefined) throw new Error("no Chromium: apt-get install chromium, or set CHROMIUM");
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
for (const file of files) {
  for (const colorScheme of ["light", "dark"] as const) {
    for (const width of [1280, 390]) {
      const page = await browser.newPage({ colorScheme, viewport: { width, height: 900 } });
      page.on("console", (message) => console.error(`${file}: ${message.text()}`));
      page.on("pageerror", (error) => console.error(`${file}: ${error.message}`));
      await page.goto(pathToFileURL(resolve(file)).href);
      await page.waitForSelector("html[data-ready]", { timeout: 20_000 });
      await page.waitForTimeout(200);
      const name = `${basename(file, ".html")}-${colorScheme}-${width}.png`;
      await page.screenshot({ path: join(folder, name), fullPage: true });
      await page.close();
    }
  }
}
await browser.close();
