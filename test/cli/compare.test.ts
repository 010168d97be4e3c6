// `umcg bench compare`: what it prints, and its exit codes.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Ran, run } from "./fake-io.ts";

let folder: string;
const path = (name: string): string => join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "umcg-compare-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Writes what a benchmark prints. */
async function bench(name: string, ...args: string[]): Promise<void> {
  const { code, stdout } = await run(["bench", ...args, "--json"]);
  expect(code).toBe(0);
  writeFileSync(path(name), stdout);
}

function compare(...args: string[]): Promise<Ran> {
  return run(["bench", "compare", path("a"), path("b"), ...args]);
}

describe("umcg bench compare", () => {
  test("of the same build without noise: nothing differs", async () => {
    await bench("a", "pipe", "-l", "20", "--vcpus", "1");
    await bench("b", "pipe", "-l", "20", "--vcpus", "1", "--seed", "7");
    const { code, stdout, stderr } = await compare();
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("  hand-off               1250 ns  1250 ns    0 %          exact  same\n");
    expect(stdout).toMatch(/^Reading: no difference: of 7 metrics none really differs by 1 % or more/m);
  });

  test("of two wake modes: what differs, in which direction, in 80 columns", async () => {
    const args = ["pipe", "-l", "30", "--jitter", "--repeat", "7"];
    await bench("a", ...args);
    await bench("b", ...args, "--wake", "current-cpu", "--seed", "50");
    const { code, stdout } = await compare();
    expect(code).toBe(1);
    expect(stdout).toMatch(/^ {2}hand-off +35\d\d ns +12\d\d ns +-6\d[.\d]* % +-6\d.* to -6\d.* BETTER$/m);
    expect(stdout).toMatch(/^ {2}queued to running p50 .* WORSE$/m);
    expect(stdout).toContain("Configured differently: pipe: wake default, there current-cpu.\n");
    expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(90);
    const table = stdout.slice(stdout.indexOf("pipe\n"), stdout.indexOf("\n\nConfigured"));
    expect(Math.max(...table.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
    expect((await compare("--min-effect", "101")).code).toBe(0);
    const json = JSON.parse((await compare("--json", "--alpha", "0.05")).stdout);
    expect(json).toMatchObject({ alpha: 0.05, leastEffect: 0.01, level: 0.95 });
    expect(json.metrics[0]).toMatchObject({ name: "pipe hand-off", unit: "ns", verdict: "better" });
    expect(json.metrics[0].a).toHaveLength(7);
  });

  test("of lines: repetitions are lines of one name, and too few of them decide nothing", async () => {
    const lines = (...values: number[]): string =>
      values.map((value) => `${JSON.stringify({ name: "sim/x", value, unit: "1/s" })}\n`).join("");
    writeFileSync(path("a"), lines(100, 101, 102, 103));
    writeFileSync(path("b"), lines(110, 111, 112, 113));
    const few = await compare();
    expect(few.code).toBe(2);
    expect(few.stdout).toContain("Too few values to decide 1 metric: for 1 it takes 5 runs of each.\n");
    expect(few.stdout).toContain("Reading: of 1 metric none can be decided.");
    writeFileSync(path("a"), lines(100, 101, 102, 103, 104));
    writeFileSync(path("b"), lines(110, 111, 112, 113, 114));
    expect((await compare()).code).toBe(1);
    expect((await compare("--worse-only")).code).toBe(0);
    expect((await run(["bench", "compare", path("b"), path("a"), "--worse-only"])).code).toBe(1);
  });

  test.each([
    [["only"], "name two files to compare"],
    [["a", "b", "c"], 'two files at a time: "c" is too many'],
    [["a", "b", "--alpha", "0"], '--alpha must be a number from 0.0001 to 0.5, got "0"'],
    [["a", "b", "--min-effect", "-1"], '--min-effect must be a number from 0 to 10000, got "-1"'],
    [["a", "b", "--jsn"], 'unknown option "--jsn"; did you mean --json?'],
  ])("%j is bad usage", async (args, message) => {
    const { code, stderr } = await run(["bench", "compare", ...args]);
    expect(code).toBe(2);
    const help = "Try 'umcg bench compare --help' for more information.\n";
    expect(stderr).toBe(`umcg: ERR_USAGE: ${message}\n${help}`);
  });

  test("names a file that cannot be read, or that holds nothing of the kind", async () => {
    const gone = await run(["bench", "compare", path("gone"), path("a")]);
    expect([gone.code, gone.stderr]).toEqual([
      2,
      `umcg: ERR_MEASUREMENT_FILE: cannot read "${path("gone")}": ENOENT: no such file or directory\n`,
    ]);
    writeFileSync(path("b"), "hello");
    const other = await compare();
    expect(other.code).toBe(2);
    expect(other.stderr).toMatch(/^umcg: ERR_MEASUREMENT: ".*b": line 1 is no JSON/);
    writeFileSync(path("b"), '{"name":"other","value":1}');
    expect((await compare()).stderr).toContain("have no metric in common");
  });

  test("--help has examples and exit codes", async () => {
    const { stdout } = await run(["bench", "compare", "--help"]);
    for (const text of ["Examples:", "Exit codes: 0", "--min-effect", "--alpha"])
      expect(stdout).toContain(text);
  });
});
