/**
 * A report of a million events: how large the file is, how long it takes to open, and to zoom. Prints one JSON object a line:
 *
 *     {"name":"report/open","value":1800,"unit":"ms","limit":5000}
 *
 * | name          | what                                                                              |
 * |---------------|-----------------------------------------------------------------------------------|
 * | report/events | events in the file                                                                |
 * | report/size   | bytes of the file                                                                 |
 * | report/run    | ms of the run, with its report                                                    |
 * | report/open   | ms from going to the file in headless Chromium until its timeline is drawn         |
 * | report/open-cpu | ms of the page's processor time of that: what counts on a machine that is busy    |
 * | report/draw   | ms of the slowest of 40 redraws of the rows while zooming and panning over all of it |
 *
 * Exit code 1: something is over its limit. 2: there is no Chromium.
 */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import { nodeIo } from "../src/cli/io.ts";
import { runCli } from "../src/cli/run-cli.ts";
import { findChromium, NO_CHROMIUM } from "../test/support/chromium.ts";

/** A loop of umcg-block has 42 events. */
const LOOPS = 24_000;
const MAX_BYTES = 20e6;
const MAX_OPEN_MS = 5000;
const MAX_DRAW_MS = 100;
const KEYS = ["Home", "+", "+", "+", "ArrowRight", "-", "ArrowLeft", "+", "+", "-"];

let failed = false;
function tell(name: string, value: number, unit: string, limit?: number): void {
  if (limit !== undefined && value > limit) failed = true;
  console.log(JSON.stringify({ name: `report/${name}`, value: Math.round(value), unit, limit }));
}

const executablePath = findChromium();
if (executablePath === undefined) {
  console.error(NO_CHROMIUM);
  process.exit(2);
}
const folder = mkdtempSync(join(tmpdir(), "umcg-report-"));
try {
  const path = join(folder, "million.html");
  const io = { ...nodeIo(), stdout: { ...nodeIo().stdout, write: () => undefined } };
  const began = performance.now();
  const code = await runCli(
    ["bench", "umcg-block", "--loops", String(LOOPS), "--jitter", "--report", path],
    io,
  );
  if (code !== 0) throw new Error(`umcg bench ended with ${code}`);
  tell("run", performance.now() - began, "ms");
  tell("size", statSync(path).size, "bytes", MAX_BYTES);
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  const metrics = await page.context().newCDPSession(page);
  await metrics.send("Performance.enable", { timeDomain: "threadTicks" });
  const before = performance.now();
  await page.goto(pathToFileURL(path).href);
  await page.waitForSelector(".timeline[data-drawn-ms]", { timeout: 60_000 });
  tell("open", performance.now() - before, "ms", MAX_OPEN_MS);
  const spent = (await metrics.send("Performance.getMetrics")).metrics.find(
    ({ name }) => name === "ProcessTime",
  );
  tell("open-cpu", 1000 * (spent?.value ?? 0), "ms");
  tell(
    "events",
    Number((await page.textContent(".timeline-status span:last-child"))!.replace(/\D/g, "")),
    "events",
  );
  await page.focus(".timeline .rows canvas");
  let slowest = 0;
  for (let round = 0; round < 4; round++) {
    for (const key of KEYS) {
      await page.keyboard.press(key);
      await page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");
      slowest = Math.max(slowest, Number(await page.getAttribute(".timeline", "data-drawn-ms")));
    }
  }
  tell("draw", slowest, "ms", MAX_DRAW_MS);
  await browser.close();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
if (failed) process.exitCode = 1;
