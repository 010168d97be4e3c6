// --report FILE: one document, whole or not at all.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inflateRawSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { InterleavingData } from "../../src/report/model/interleaving-data.ts";
import { unpackEvents } from "../../src/report/model/packing.ts";
import type { BenchReportData } from "../../src/report/model/report-data.ts";
import { run } from "./fake-io.ts";

let folder = "";
let path = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "umcg-report-"));
  path = join(folder, "out.html");
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function element(html: string, id: string): string {
  return new RegExp(`<script type="[^"]*" id="${id}">([^<]*)</script>`).exec(html)![1]!;
}
function read(): { html: string; data: BenchReportData } {
  const html = readFileSync(path, "utf8");
  return { html, data: JSON.parse(element(html, "data")) as BenchReportData };
}

describe("a report of one run", () => {
  test("has the command, the configuration, the spans and the events", async () => {
    const { code, stdout, stderr } = await run([
      "bench",
      "umcg-block",
      "--loops",
      "20",
      "--report",
      path,
      "--json",
    ]);
    expect([code, stderr]).toEqual([0, `report in ${path}\n`]);
    const result = JSON.parse(stdout);
    const { html, data } = read();
    expect(data.command).toBe(`umcg bench umcg-block --loops 20 --report ${path} --json`);
    expect(data.groups).toEqual([{ name: "umcg-block", runs: [0] }]);
    const [only] = data.runs;
    const [wakeToUser, wakeToQueued, queuedToRunning] = only!.distributions.map(({ histogram }) => histogram);
    expect({ wakeToUser, wakeToQueued, queuedToRunning }).toMatchObject(result.spans);
    expect(only!.figures[0]!.value).toBe(result.nsPerOp);
    expect(only!.cpus).toHaveLength(8);
    const log = unpackEvents(inflateRawSync(Buffer.from(element(html, only!.timeline!.element), "base64")));
    expect([log.length, only!.timeline!.dropped]).toEqual([only!.timeline!.count, 0]);
    expect(Object.values(only!.timeline!.names["taskName"]!)).toContain("reader");
    expect(readdirSync(folder)).toEqual(["out.html"]);
  });

  test("asks nobody for anything", async () => {
    await run(["bench", "pipe", "--loops", "5", "--report", path]);
    const { html } = read();
    expect(html).toContain("default-src 'none'");
    expect(html).not.toMatch(/(?:src|href)="(?!data:)/);
    expect(html).not.toMatch(/\burl\(|@import|\bfetch\(|XMLHttpRequest|\bimport\(/);
  });

  test("is of fewer loops unless they are given", async () => {
    const { stdout } = await run(["bench", "pipe", "--json", "--report", path]);
    expect(JSON.parse(stdout).loops).toBe(10_000);
  });

  test("goes with a timeline for Perfetto", async () => {
    const trace = join(folder, "trace.json");
    const { code } = await run(["bench", "pipe", "--loops", "5", "--report", path, "--trace", trace]);
    expect(code).toBe(0);
    expect(readdirSync(folder).toSorted()).toEqual(["out.html", "trace.json"]);
    expect(JSON.parse(readFileSync(trace, "utf8")).traceEvents.length).toBeGreaterThan(10);
    expect(read().data.runs[0]!.timeline!.count).toBeGreaterThan(10);
  });

  test("quotes what a shell would take apart", async () => {
    const odd = join(folder, "it's a report.html");
    await run(["bench", "pipe", "--loops", "1", "--report", odd]);
    const html = readFileSync(odd, "utf8");
    expect(JSON.parse(element(html, "data")).command).toContain(`'${folder}/it'\\''s a report.html'`);
  });
});

describe("a report of two runs", () => {
  test("has them side by side and says which is faster", async () => {
    const args = [
      "bench",
      "pipe",
      "--loops",
      "20",
      "--wake",
      "current-cpu",
      "--against",
      "any",
      "--report",
      path,
    ];
    const { code, stdout } = await run([...args, "--json"]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout).wake).toBe("current-cpu");
    const { data } = read();
    expect(data.groups).toEqual([{ name: "pipe", runs: [0, 1] }]);
    expect(data.runs.map(({ label }) => label)).toEqual(["current-cpu", "any"]);
    expect(data.reading).toMatch(/^A hand-off takes \d+ ns with wake mode current-cpu and .* times as fast/);
  });
});

describe("a report of the matrix", () => {
  test("has a group for each workload on each machine, with the plain wake-up beside WF_CURRENT_CPU", async () => {
    const { code } = await run(["bench", "--matrix", "--loops", "3", "--report", path]);
    expect(code).toBe(0);
    const { data } = read();
    expect(data.groups).toHaveLength(8);
    expect(data.runs).toHaveLength(24);
    for (const { name, runs } of data.groups) {
      const own = runs.map((i) => data.runs[i]!);
      expect(own.map(({ label }) => label)).toEqual(["current-cpu", "any", "sync"]);
      for (const { settings } of own) {
        const { Workload, "Cost profile": profile } = Object.fromEntries(settings);
        expect(`${Workload}, ${profile}`).toBe(name);
      }
    }
  });
});

describe("a report of an interleaving", () => {
  const program = "test/cli/programs/lost-update.ts";

  test("has what the replay prints, and the state after each step", async () => {
    const args = [program, "--schedule", "0 1*2 0 2*2"];
    const plain = await run(["replay", ...args]);
    const { code, stdout, stderr } = await run(["replay", ...args, "--report", path]);
    expect([code, stdout, stderr]).toEqual([1, plain.stdout, `report in ${path}\n`]);
    const data = JSON.parse(element(readFileSync(path, "utf8"), "data")) as InterleavingData;
    expect(data.command).toBe(`umcg replay ${program} --schedule '0 1*2 0 2*2' --report ${path}`);
    expect(data.violation).toMatchObject({ kind: "assertion", message: "an update was lost" });
    expect(data.actors.map(({ name }) => name)).toEqual(["a", "b", "c"]);
    expect(data.steps.map(({ actor }) => actor)).toEqual([0, 1, 1, 0, 2, 2]);
  });

  test("is not there when the schedule cannot be", async () => {
    const { code } = await run(["replay", program, "--schedule", "9", "--report", path]);
    expect([code, readdirSync(folder)]).toEqual([2, []]);
    const nowhere = join(folder, "no", "a.html");
    expect((await run(["replay", program, "--schedule", "0", "--report", nowhere])).code).toBe(1);
  });

  test("prints the same JSON as without", async () => {
    const args = ["replay", program, "--schedule", "0*2 1*2 2*2", "--json"];
    expect((await run([...args, "--report", path])).stdout).toBe((await run(args)).stdout);
  });
});

describe("a report that cannot be", () => {
  test("is found out before the run", async () => {
    const nowhere = join(folder, "no", "out.html");
    const { code, stderr } = await run(["bench", "pipe", "--loops", "1000000000", "--report", nowhere]);
    expect([code, stderr]).toEqual([
      1,
      `umcg: ERR_TRACE_FILE: cannot write "${nowhere}": ENOENT: no such file or directory\n`,
    ]);
  });

  test("leaves nothing when the user interrupts", async () => {
    const onTurn = (turn: number): "SIGINT" | undefined => (turn === 2 ? "SIGINT" : undefined);
    const { code } = await run(["bench", "pipe", "--loops", "50", "--report", path], { onTurn });
    expect([code, readdirSync(folder)]).toEqual([130, []]);
    const { code: second } = await run(["bench", "--matrix", "--loops", "2", "--report", path], { onTurn });
    expect([second, readdirSync(folder)]).toEqual([130, []]);
  });

  test.each([
    [
      ["pipe", "--against", "any", "--report", "r", "--trace", "t"],
      "--against puts a second run into a report",
    ],
    [["pipe", "--against", "any"], "--against puts a second run into a report"],
    [["pipe", "--repeat", "2", "--report", "r"], "--report is of one run"],
    [["pipe", "--trace", "r", "--report", "./r"], "--trace and --report both name r: one would overwrite"],
    [["--matrix", "--against", "any"], "--against does not go with --matrix"],
    [["pipe", "--against", "never"], "--against must be one of any, sync, current-cpu"],
  ])("is refused: %j", async (args, message) => {
    const { code, stderr } = await run(["bench", ...args]);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});
