// `umcg bench schbench`: its formats, its letters, and those it has no use for.
import { describe, expect, test } from "vitest";
import { run } from "./fake-io.ts";

const SMALL = "bench schbench -m 1 -t 2 -r 2 -n 1 -F 64 --vcpus 2 --fair eevdf-7.2".split(" ");

describe("umcg bench schbench", () => {
  test("--format compat is schbench's report, line for line", async () => {
    const { code, stdout, stderr } = await run([...SMALL, "--format", "compat"]);
    expect([code, stderr]).toEqual([0, ""]);
    const shape = [
      /^Wakeup Latencies percentiles \(usec\) runtime 2 \(s\) \(\d+ total samples\)$/,
      /^\t {2}50\.0th: \d+ +\(\d+ samples\)$/,
      /^\t {2}90\.0th: \d+ +\(\d+ samples\)$/,
      /^\t\* 99\.0th: \d+ +\(\d+ samples\)$/,
      /^\t {2}99\.9th: \d+ +\(\d+ samples\)$/,
      /^\t {2}min=\d+, max=\d+$/,
      /^Request Latencies percentiles \(usec\) runtime 2 \(s\) \(\d+ total samples\)$/,
      /^\t {2}50\.0th: /,
      /^\t {2}90\.0th: /,
      /^\t\* 99\.0th: /,
      /^\t {2}99\.9th: /,
      /^\t {2}min=\d+, max=\d+$/,
      /^RPS percentiles \(requests\) runtime 2 \(s\) \(2 total samples\)$/,
      /^\t {2}20\.0th: /,
      /^\t\* 50\.0th: /,
      /^\t {2}90\.0th: /,
      /^\t {2}min=\d+, max=\d+$/,
      /^average rps: \d+\.\d\d$/,
      /^$/,
    ];
    const lines = stdout.split("\n");
    expect(lines.length).toBe(shape.length);
    for (const [at, line] of lines.entries()) expect(line).toMatch(shape[at]!);
    // The number is padded to ten places.
    expect(lines[1]!.indexOf("(")).toBe("\t  50.0th: ".length + 10 + 1);
  });

  test("of a pipe test prints the transfer rate", async () => {
    const { stdout } = await run([...SMALL, "-r", "1", "-p", "1048576", "--format", "compat"]);
    expect(stdout).toMatch(/^\t {2}20\.0th: /m);
    expect(stdout).toMatch(/^avg worker transfer: \d+\.\d\d ops\/sec \d+\.\d\d[KMG]B\/s$/m);
    expect(stdout).not.toContain("RPS");
  });

  test.each([["--json"], ["--format=json"]])("%s has ns, us and schbench's keys", async (json) => {
    const { stdout } = await run([...SMALL, json, "-L", "-s", "50", "--seed", "3", "--jitter"]);
    const result = JSON.parse(stdout);
    expect(result).toMatchObject({
      workload: "schbench",
      vcpus: 2,
      profile: "native",
      fair: "eevdf-7.2",
      jitter: true,
      seed: 3,
      messageThreads: 1,
      workers: 2,
      runtimeS: 2,
      sleepUs: 50,
      locking: false,
    });
    expect(result.int["wakeup_pct99.0"]).toBe(result.wakeup.percentiles[3].value);
    expect(Object.keys(result.int)).toContain("rps_pct50.0");
    expect(result.wakeupNs.p50).toBeGreaterThan(1000);
  });

  test("prints a table that fits a terminal, by default with a worker for each vCPU", async () => {
    const { stdout } = await run("bench schbench -r 1 --vcpus 3 --profile guest --idle poll".split(" "));
    expect(stdout).toMatch(/^schbench: 1 message thread of 3 workers, 5 products of 104 rows a request$/m);
    expect(stdout).toContain("profile guest, idle poll, eevdf-7.2, no jitter");
    expect(stdout).toMatch(/^requests\/s /m);
    const table = stdout.split("\n").slice(3, 7);
    expect(Math.max(...table.map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  test("Ctrl-C prints what there is", async () => {
    const onTurn = (turn: number): "SIGINT" | undefined => (turn === 3 ? "SIGINT" : undefined);
    const args = [...SMALL, "-r", "80000", "--format", "compat"];
    const { code, stdout, handlers } = await run(args, { msPerLook: 10, onTurn });
    expect([code, handlers]).toEqual([130, 0]);
    expect(stdout).toContain("average rps:");
  });

  test("--help explains every letter", async () => {
    const { stdout } = await run(["bench", "schbench", "--help"]);
    for (const letter of "mtrwnFsRLCpMWi") expect(stdout).toContain(`  -${letter}, --`);
    expect(stdout).toContain("Examples:");
    expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(100);
  });

  test.each([
    [["-A", "50"], "--auto-rps adapts the load to the machine; give the rate with -R"],
    [["-z", "5"], "--zerotime throws statistics away at intervals; use -w"],
    [["--split", "5"], "--split has no meaning: the cost model has no shared cache lines"],
    [["-j", "x.json"], "--json names a file; use --format json and redirect it"],
    [["-m", "0"], '--message-threads must be an integer from 1 to 65536, got "0"'],
    [["-r", "5", "-w", "5"], '--warmuptime must be an integer from 0 to 4, got "5"'],
    [["-W", "0-9"], '--worker-cpus must list CPUs from 0 to 7 as in 0-1,3, got "0-9"'],
    [["-M", "1,x"], '--message-cpus must list CPUs from 0 to 7 as in 0-1,3, got "x"'],
    [["--format", "xml"], '--format must be one of table, json, compat, got "xml"'],
    [["-X"], 'unknown option "-X"'],
  ])("%j is bad usage", async (args, message) => {
    const { code, stderr } = await run(["bench", "schbench", ...args]);
    expect(code).toBe(2);
    expect(stderr.startsWith(`umcg: ERR_USAGE: ${message}`)).toBe(true);
  });
});
