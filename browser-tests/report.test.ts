/**
 * Reports in a real browser: what moves, what keys and buttons do, and that no request leaves the file.
 *
 * Skipped, with a word on how to get one, where there is no Chromium. One browser serves all tests; each has a page of its own.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { run } from "../test/cli/fake-io.ts";
import { findChromium, NO_CHROMIUM } from "../test/support/chromium.ts";

const executablePath = findChromium();
if (executablePath === undefined) console.warn(NO_CHROMIUM);

/** A browser takes its time on a machine that is busy. */
const START_TIMEOUT_MS = 60_000;

let browser: Browser;
let folder = "";
/** Everything that a page asked for but its own file, and everything that it complained of. */
const asked: string[] = [];
const complaints: string[] = [];

interface Shown {
  readonly colorScheme?: "light" | "dark";
  readonly width?: number;
  readonly hash?: string;
}

async function open(
  name: string,
  { colorScheme = "light", width = 1280, hash = "" }: Shown = {},
): Promise<Page> {
  const page = await browser.newPage({ colorScheme, viewport: { width, height: 900 } });
  const url = pathToFileURL(join(folder, name)).href;
  page.on("request", (request) => {
    if (request.url().replace(/#.*/, "") !== url && !request.url().startsWith("data:"))
      asked.push(request.url());
  });
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  await page.goto(url + hash);
  await page.waitForSelector("html[data-ready]");
  return page;
}

/** What the i-th timeline shows, ns. */
async function view(page: Page, i = 0): Promise<{ start: number; end: number; span: number }> {
  await page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");
  const timeline = page.locator(".timeline").nth(i);
  const [start, end] = [
    Number(await timeline.getAttribute("data-start")),
    Number(await timeline.getAttribute("data-end")),
  ];
  return { start, end, span: end - start };
}

describe.runIf(executablePath !== undefined)("in a browser", () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "umcg-browser-"));
    const into = (name: string): string[] => ["--report", join(folder, name)];
    browser = await chromium.launch({ executablePath: executablePath!, args: ["--no-sandbox"] });
    await run([
      "bench",
      "umcg-block",
      "--loops",
      "40",
      "--vcpus",
      "2",
      "--against",
      "any",
      ...into("pair.html"),
    ]);
    await run(["bench", "--matrix", "--loops", "2", "--vcpus", "2", ...into("matrix.html")]);
    const load = ["--rate", "50krps", "--service", "bimodal:90,4us,10,40us", "--workers", "8"];
    await run(["bench", "openloop", ...load, "--requests", "100", ...into("openloop.html")]);
    await run(["bench", "messaging", "-g", "1", "-l", "1", "--vcpus", "2", ...into("messaging.html")]);
    const program = "test/cli/programs/lost-update.ts";
    await run(["replay", program, "--schedule", "0 1*2 0 2*2", ...into("replay.html")]);
  }, START_TIMEOUT_MS);
  afterAll(async () => {
    await browser.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test("buttons and keys zoom and pan all timelines together", async () => {
    const page = await open("pair.html");
    const first = await view(page);
    await page.getByRole("button", { name: "Zoom in" }).click();
    const zoomed = await view(page);
    expect(zoomed.span).toBeCloseTo(first.span / 2);
    expect(await view(page, 1)).toEqual(zoomed);
    await page.locator(".timeline .rows canvas").nth(1).focus();
    await page.keyboard.press("-");
    await page.keyboard.press("-");
    expect((await view(page)).span).toBeGreaterThan(zoomed.span);
    const before = await view(page);
    await page.keyboard.press("ArrowRight");
    expect((await view(page)).start).toBeGreaterThan(before.start);
    await page.keyboard.press("ArrowLeft");
    expect((await view(page)).start).toBeCloseTo(before.start);
    await page.keyboard.press("Home");
    const all = await view(page);
    expect(all.span).toBeGreaterThan(before.span);
    await page.keyboard.press("+");
    expect((await view(page)).span).toBeLessThan(all.span);
    expect(await page.locator(".timeline-status").first().textContent()).toMatch(/Shown: .* to .* wake-up/);
    await page.close();
  });

  test("the wheel zooms where the pointer is, dragging pans, and a slice says what it is", async () => {
    const page = await open("pair.html");
    const canvas = page.locator(".timeline .rows canvas").first();
    await canvas.scrollIntoViewIfNeeded();
    const box = (await canvas.boundingBox())!;
    const before = await view(page);
    await page.mouse.move(box.x + box.width / 2, box.y + 60);
    expect(await page.locator(".tooltip:visible").first().textContent()).toMatch(/vCPU 0: .*for .*µs|ns/);
    await page.mouse.wheel(0, 100);
    expect(await view(page)).toEqual(before);
    await canvas.scrollIntoViewIfNeeded();
    const now = (await canvas.boundingBox())!;
    await page.mouse.move(now.x + now.width / 2, now.y + 60);
    await page.keyboard.down("Control");
    await page.mouse.wheel(0, -200);
    await page.keyboard.up("Control");
    const zoomed = await view(page);
    expect(zoomed.span).toBeCloseTo(before.span / 2, -1);
    await page.mouse.down();
    await page.mouse.move(now.x + now.width / 2 - 50, now.y + 60);
    await page.mouse.up();
    expect((await view(page)).start).toBeGreaterThan(zoomed.start);
    await page.close();
  });

  test("charts are there for each span and change to tails; the switch of colours wins over the system", async () => {
    const page = await open("pair.html", { colorScheme: "dark" });
    expect(await page.locator(".chart .uplot canvas").count()).toBe(6);
    await page.getByText("Tail", { exact: true }).click();
    await page.waitForSelector('[aria-label^="Wake to user: tail"]');
    expect(await page.locator(".chart .uplot canvas").count()).toBe(6);
    const ground = "getComputedStyle(document.body).backgroundColor";
    const dark = await page.evaluate(ground);
    await page.getByText("Light", { exact: true }).click();
    expect(await page.evaluate(ground)).not.toBe(dark);
    await page.getByText("Auto", { exact: true }).click();
    expect(await page.evaluate(ground)).toBe(dark);
    await page.close();
  });

  test.each(["pair.html", "openloop.html", "replay.html"])("%s is as wide as a telephone", async (name) => {
    const page = await open(name, { width: 390 });
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(390);
    await page.close();
  });

  test("the slowest wake-ups lead to their moment, with where the time went; a bar of a histogram lists its own", async () => {
    const page = await open("pair.html");
    const rows = page.locator(".slow tbody tr");
    expect(await rows.count()).toBe(8);
    await page
      .getByRole("button", { name: /^Show the wake-up/ })
      .first()
      .click();
    expect(await page.locator(".why h3").textContent()).toMatch(/^Where the .* went$/);
    expect(await page.locator(".why li").count()).toBeGreaterThan(1);
    expect(await rows.first().getAttribute("aria-current")).toBe("true");
    const shown = await view(page);
    expect(shown.span).toBeLessThan(50_000);
    expect(await page.locator(".timeline-status").first().textContent()).toContain("chosen: reader");
    const plot = page.locator(".can-press .u-over").first();
    await plot.scrollIntoViewIfNeeded();
    const box = (await plot.boundingBox())!;
    const readout = page.locator(".readout").first();
    for (let x = 4; x < box.width; x += 6) {
      await page.mouse.move(box.x + x, box.y + box.height / 2);
      if (/: .* [1-9]\d*(,|$)/.test((await readout.textContent())!)) break;
    }
    await page.mouse.down();
    await page.mouse.up();
    expect(await page.locator('[aria-label="Slow wake-ups"] > .note').textContent()).toMatch(
      /^The slowest of those that took .* to .*\. All$/,
    );
    expect(await rows.count()).toBeGreaterThan(0);
    await page.close();
  });

  test("a task is found by its name and chosen by a press, and its wake-ups are gone through with keys", async () => {
    const page = await open("pair.html");
    const status = page.locator(".timeline-status").first();
    await page.getByLabel("Find a task").fill("WRIT");
    await page.keyboard.press("Enter");
    await view(page);
    expect(await status.textContent()).toContain("chosen: writer");
    const canvas = page.locator(".timeline .rows canvas").first();
    await canvas.focus();
    await page.keyboard.press("n");
    const first = await view(page);
    await page.keyboard.press("n");
    expect((await view(page)).start).toBeGreaterThan(first.start);
    await page.keyboard.press("p");
    expect((await view(page)).start).toBeCloseTo(first.start, -1);
    await page.keyboard.press("Escape");
    await view(page);
    expect(await status.textContent()).not.toContain("chosen");
    await page.getByLabel("Find a task").fill("");
    await canvas.click({ position: { x: 20, y: 24 + 22 * 4 + 8 } });
    await view(page);
    expect(await status.textContent()).toMatch(/chosen: (server|reader|writer)/);
    await page.close();
  });

  test("a study has charts of what it measured, and does without those of what it did not", async () => {
    const page = await open("openloop.html");
    expect(await page.locator(".chart h3").allTextContents()).toContain("Sojourn, requests of 40us");
    expect(await page.locator(".chart .uplot canvas").count()).toBe(12);
    expect(await page.locator(".timeline").count()).toBe(1);
    await page.close();
    const plain = await open("messaging.html");
    expect(await plain.locator(".chart").count()).toBe(0);
    expect(await plain.locator(".timeline").count()).toBe(1);
    await plain.close();
  });

  test("a row of the matrix shows its runs", async () => {
    const page = await open("matrix.html");
    await page.getByRole("button", { name: "pipe, guest" }).click();
    await page.waitForSelector('html[data-ready="7"]');
    expect(await page.getByRole("heading", { name: "pipe, guest" }).count()).toBe(1);
    expect(await page.locator(".timeline").count()).toBe(3);
    await page.close();
  });

  test("buttons, keys and links walk through an interleaving", async () => {
    const page = await open("replay.html");
    const told = page.locator(".told");
    const x = page.locator(".state tr", { has: page.getByText("x", { exact: true }) }).locator(".now");
    expect(await told.textContent()).toBe("Before the first of 6 steps");
    await page.getByRole("button", { name: "Next step" }).click();
    await page.getByRole("button", { name: "Next step" }).click();
    await page.keyboard.press("ArrowRight");
    expect(await told.textContent()).toContain("After step 2 of 0 to 5: b: store x, 1");
    expect([await x.textContent(), new URL(page.url()).hash]).toEqual(["1", "#step=3"]);
    await page.getByRole("button", { name: "Previous step" }).click();
    expect([await x.textContent(), new URL(page.url()).hash]).toEqual(["0", "#step=2"]);
    await page.keyboard.press("End");
    expect(await told.textContent()).toContain("here it breaks");
    expect(await page.getByRole("button", { name: "Next step" }).isDisabled()).toBe(true);
    await page.keyboard.press("Home");
    await page.keyboard.press("s");
    expect(await page.locator(".steps tbody tr").count()).toBe(4);
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    expect(new URL(page.url()).hash).toBe("#step=3");
    await page.close();
    const marked = await open("replay.html");
    expect(await marked.locator(".steps tbody tr").nth(2).textContent()).toContain("store x, 1 0 → 1");
    await marked.getByRole("rowheader", { name: "x", exact: true }).click();
    expect(await marked.locator(".steps tr.marked th").allTextContents()).toEqual(["2", "5"]);
    await marked.keyboard.press("]");
    await marked.getByRole("button", { name: "Next change" }).click();
    expect(new URL(marked.url()).hash).toBe("#step=6");
    await marked.keyboard.press("[");
    expect(new URL(marked.url()).hash).toBe("#step=3");
    await marked.getByRole("button", { name: "To where it breaks" }).click();
    expect(new URL(marked.url()).hash).toBe("#step=6");
    await marked.close();
    const linked = await open("replay.html", { hash: "#step=4" });
    expect(await linked.locator(".told").textContent()).toContain("After step 3 of 0 to 5");
    expect(await linked.locator('[aria-current="step"] th').textContent()).toBe("3");
    await linked.close();
  });

  test("no request has left a file, and no page has complained", () => {
    expect(asked).toEqual([]);
    expect(complaints).toEqual([]);
  });
});
