// `umcg bench policies`: its table, its JSON, and bad usage.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { BenchReportData } from "../../src/report/model/report-data.ts";
import { run } from "./fake-io.ts";

const inRepository = (path: string): string => resolve(import.meta.dirname, "../..", path);

const OWN_WORKLOAD = inRepository("test/cli/programs/own-workload.ts");

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "umcg-policies-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const SMALL = "bench policies --vcpus 2 --duration 1ms".split(" ");

describe("umcg bench policies", () => {
  test("compares all policies on all workloads, in a table that fits a terminal", async () => {
    const { code, stdout, stderr } = await run(SMALL);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^policies: 2 vCPUs, 1ms, preemption every 100us, profile native, seed 1$/m);
    for (const name of ["fork-join", "pipeline", "mixed"])
      expect(stdout).toMatch(new RegExp(`^${name}: `, "m"));
    for (const policy of ["go-like", "work-stealing", "fifo", "priority", "edf"]) {
      const row = new RegExp(`^${policy} +\\d+ +\\d+\\.\\d %( +\\d+\\.\\d){4}$`, "gm");
      expect(stdout.match(row)?.length).toBe(3);
    }
    expect(stdout.match(/^Reading: most done by \S+; shortest p99 of a wake-up: \S+\.$/gm)?.length).toBe(3);
    expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  test.each([["--json"], ["--format=json"]])("%s has everything, of one cell", async (json) => {
    const cell = ["--workload", "mixed", "--policy", "edf", "--preempt", "off", "--seed", "7"];
    const { stdout } = await run([...SMALL, ...cell, "--profile", "guest", json]);
    const { results, metrics, ...rest } = JSON.parse(stdout);
    // Of one policy, so that a file of another can be held against it.
    expect(metrics.map(({ name }: { name: string }) => name)).toContain("mixed wake-up p99");
    expect(rest).toEqual({
      study: "policies",
      host: "virtual",
      vcpus: 2,
      preemptNs: 0,
      seed: 7,
      profile: "guest",
      complete: true,
      repeat: 1,
      exact: false,
    });
    expect(results).toEqual([
      expect.objectContaining({
        workload: "mixed",
        policy: "edf",
        durationNs: 1_000_000,
        operations: expect.any(Number),
        preemptions: 0,
        wake: expect.objectContaining({ p50: expect.any(Number), p999: expect.any(Number) }),
      }),
    ]);
  });

  test("--check changes nothing but the time it takes", async () => {
    const args = [...SMALL, "--workload", "mixed", "--policy", "go-like"];
    expect((await run([...args, "--check"])).stdout).toBe((await run(args)).stdout);
  });

  test("of a single policy there is nothing to compare", async () => {
    const { stdout } = await run([
      ...SMALL,
      "--policy",
      "fifo",
      "--workload",
      "pipeline",
      "--preempt",
      "off",
    ]);
    expect(stdout).toContain("no preemption");
    expect(stdout).not.toContain("Reading");
  });

  test("Ctrl-C prints the policies that are done", async () => {
    const onTurn = (turn: number): "SIGINT" | undefined => (turn === 7 ? "SIGINT" : undefined);
    const { code, stdout, handlers } = await run(SMALL, { onTurn });
    expect([code, handlers]).toEqual([130, 0]);
    expect(stdout).toMatch(/^edf /m);
    expect(stdout).toMatch(/^pipeline: /m);
    expect(stdout).not.toMatch(/^mixed: /m);
    expect(stdout).toMatch(/^The study was cut short: 7 of 15 runs\.$/m);
  });

  test("a policy of one's own beside a shipped one", async () => {
    const policy = `fifo,${inRepository("test/cli/programs/own-policy.ts")}`;
    const { code, stdout } = await run([...SMALL, "--workload", "pipeline", "--policy", policy, "--json"]);
    expect(code).toBe(0);
    const { results } = JSON.parse(stdout) as { results: { policy: string; wake: unknown }[] };
    expect(results.map(({ policy }) => policy)).toEqual(["fifo", "own-policy"]);
    // It is the same policy under another name.
    expect(results[0]!.wake).toEqual(results[1]!.wake);
  });

  test("what a policy throws is told with its line", async () => {
    const file = join(folder, "throws.mjs");
    writeFileSync(
      file,
      `const none = undefined;
export default () => ({
  name: "throws",
  *enqueue() {},
  *pick() { return none.worker; },
  *hasWork() { return false; },
});
`,
    );
    const { code, stderr } = await run([...SMALL, "--workload", "mixed", "--policy", file]);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^umcg: ERR_PROGRAM_THREW: server-0 .* threw: .*undefined.*\n {2}at \S+throws.mjs:5:\d+\n$/,
    );
  });

  test.each([
    ["./no-such.ts", "Cannot find"],
    [inRepository("test/cli/fake-io.ts"), "its default export is missing: it must be a PolicyFactory"],
  ])("the file %s is refused", async (file, problem) => {
    const { code, stderr } = await run([...SMALL, "--policy", file]);
    expect(code).toBe(2);
    expect(stderr).toContain(`umcg: ERR_PROGRAM_FILE: "${file}": ${problem}`);
  });

  test("a workload of one's own, under two policies that can then be compared", async () => {
    const files = ["fifo", "edf"].map((policy) => join(folder, `${policy}.json`));
    for (const policy of ["fifo", "edf"]) {
      const args = ["--workload", OWN_WORKLOAD, "--policy", policy, "--repeat", "6", "--json"];
      const { code, stdout } = await run([...SMALL, ...args]);
      expect(code).toBe(0);
      const { metrics } = JSON.parse(stdout) as { metrics: { name: string; values: number[] }[] };
      expect(metrics.map(({ name }) => name)).toContain("naps operations");
      // The jitter is of the run's seed.
      expect(new Set(metrics[0]!.values).size).toBeGreaterThan(1);
      writeFileSync(join(folder, `${policy}.json`), stdout);
    }
    const { stdout } = await run(["bench", "compare", ...files]);
    expect(stdout).toMatch(/of 4 metrics/);
  });

  test("--report has the policies side by side, a group for each workload", async () => {
    const path = join(folder, "out.html");
    const args = ["--workload", OWN_WORKLOAD, "--policy", "fifo,edf", "--report", path];
    const { code, stdout, stderr } = await run([...SMALL, ...args]);
    expect([code, stderr]).toEqual([0, `report in ${path}\n`]);
    const [, json = ""] = /<script type="[^"]*" id="data">([^<]*)</.exec(readFileSync(path, "utf8")) ?? [];
    const data = JSON.parse(json) as BenchReportData;
    expect(data.groups).toEqual([{ name: "naps", runs: [0, 1] }]);
    expect(data.runs.map(({ label }) => label)).toEqual(["fifo", "edf"]);
    expect(stdout).toContain(data.reading.replace("naps: m", "Reading: m"));
    for (const { distributions, figures, timeline, cpus } of data.runs) {
      expect(distributions.map(({ name }) => name)).toEqual(["Wake-up"]);
      expect(figures[2]!.value).toBe(distributions[0]!.histogram.count * 1000);
      expect(timeline).toBeDefined();
      expect(cpus).toHaveLength(2);
    }
  });

  test.each([
    ["own-policy.ts", "its default export must be a PolicyWorkload, and has no name"],
    ["nothing.ts", "its default export must be a PolicyWorkload, and has no name"],
  ])("the file %s is no workload", async (file, problem) => {
    const { code, stderr } = await run([...SMALL, "--workload", inRepository(`test/cli/programs/${file}`)]);
    expect(code).toBe(2);
    expect(stderr).toContain(problem);
  });

  test("--help names workloads, policies and defaults", async () => {
    const { stdout } = await run(["bench", "policies", "--help"]);
    for (const text of ["fork-join  ", "mixed  ", "go-like, work-stealing", "(default 8)", "Examples:"])
      expect(stdout).toContain(text);
    expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(100);
  });

  test.each([
    [
      ["--policy", "lottery"],
      '--policy must be of go-like, work-stealing, fifo, priority, edf, or a file (./mine.ts), got "lottery"',
    ],
    [["--policy", "fifo,edf,fifo"], '--policy names "fifo" twice'],
    [
      ["--workload", "idle"],
      '--workload must be one of fork-join, pipeline, mixed, or a file (./mine.ts), got "idle"',
    ],
    [["--report", "x.html", "--repeat", "3"], "--report is of one run: leave out --repeat"],
    [["--vcpus", "257"], '--vcpus must be an integer from 1 to 256, got "257"'],
    [["--duration", "5"], "--duration: "],
    [["--duration", "2000s"], '--duration must be a time from 1ns to 1000s, got "2000s"'],
    [["--preempt", "19us"], '--preempt must be a time from 20us to 1000s, got "19us"'],
    [["--preempt", "on"], "--preempt: "],
    [["--format", "xml"], '--format must be one of table, json, got "xml"'],
    [["mixed"], 'one workload at a time: "mixed" is too many'],
    [["--wake", "any"], 'unknown option "--wake"'],
  ])("%j is bad usage", async (args, message) => {
    const { code, stderr } = await run(["bench", "policies", ...args]);
    expect(code).toBe(2);
    expect(stderr).toContain(`umcg: ERR_USAGE: ${message}`);
  });
});
