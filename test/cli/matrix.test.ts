// The matrix: every cell, and a sentence that is true of it.
import { describe, expect, test } from "vitest";
import type { BenchResult } from "../../src/bench/run-bench.ts";
import { matrixReading, matrixTable, speedUpOver } from "../../src/cli/matrix.ts";
import { run } from "./fake-io.ts";

const WORKLOADS = ["umcg-swap", "umcg-block", "futex-swap", "pipe"];
const MODES = ["any", "sync", "current-cpu"];
const CELLS = WORKLOADS.flatMap((workload) =>
  ["native", "guest"].flatMap((profile) => MODES.map((wake) => `${workload} ${profile} ${wake}`)),
);

function cellOf({ workload, profile, wake }: BenchResult): string {
  return `${workload} ${profile} ${wake}`;
}

async function matrix(...more: string[]): Promise<BenchResult[]> {
  const { code, stdout, stderr } = await run(["bench", "--matrix", "--json", "--loops", "200", ...more]);
  expect([code, stderr]).toEqual([0, ""]);
  return JSON.parse(stdout);
}

describe("umcg bench --matrix", () => {
  test("has every workload, profile and wake mode, on 8 vCPUs with jitter", async () => {
    const results = await matrix();
    expect(results.map(cellOf)).toEqual(CELLS);
    for (const result of results)
      expect(result).toMatchObject({ vcpus: 8, loops: 200, seed: 1, jitter: true });
  });

  test("current-cpu wins everywhere and sends no IPI", async () => {
    const results = await matrix("--no-jitter");
    for (const result of results.filter(({ wake }) => wake === "current-cpu")) {
      expect(result.ipis).toBe(0);
      expect(speedUpOver("any", result, results)).toBeGreaterThan(2);
    }
    const futex = results.filter(
      ({ workload, profile }) => workload === "futex-swap" && profile === "native",
    );
    expect(futex.map(({ nsPerOp }) => nsPerOp)).toEqual([3470, 3470, 1250]);
  });

  test("prints a row for each cell, and one sentence", async () => {
    const { code, stdout, stderr } = await run(["bench", "--matrix", "--loops", "200", "--no-jitter"]);
    expect([code, stderr]).toEqual([0, ""]);
    const lines = stdout.split("\n");
    expect(lines[0]).toBe("24 simulated machines of 8 vCPUs, 200 loops each, no jitter");
    let block = "";
    const rows = lines.slice(4, 36).flatMap((line) => {
      const [, wake] = /^ {2}(\S+) +\d/.exec(line) ?? [];
      if (wake !== undefined) return `${block} ${wake}`;
      block = line.replace(",", "");
      return [];
    });
    expect(rows).toEqual(CELLS);
    expect(lines.at(-2)).toBe(
      "Reading: WF_CURRENT_CPU pays everywhere: a hand-off is 2.5x (umcg-block, native) to 8.2x (umcg-swap, guest) as fast as by a plain wake-up, with no IPIs against 4400; WF_SYNC alone reaches 1.0x.",
    );
    expect(lines.filter((line) => line.length > 80)).toEqual([lines.at(-2)]);
  });

  test("takes vCPUs and a seed, and repeats itself", async () => {
    const strip = (results: BenchResult[]): unknown =>
      results.map((result) => ({ ...result, wallMs: 0, nsPerSwitchWall: 0 }));
    const once = await matrix("--vcpus", "2", "--seed", "9");
    expect(once[0]).toMatchObject({ vcpus: 2, seed: 9 });
    expect(strip(await matrix("--vcpus", "2", "--seed", "9"))).toEqual(strip(once));
    expect(strip(await matrix("--vcpus", "2", "--seed", "8"))).not.toEqual(strip(once));
  });
});

const SPAN = { p50: 1, p90: 1, p99: 1, p999: 1, max: 1, count: 1 };

/** A result of which only the named facts matter. */
function cell(workload: string, wake: BenchResult["wake"], nsPerOp: number, ipis: number): BenchResult {
  return {
    workload,
    host: "virtual",
    vcpus: 8,
    wake,
    profile: "native",
    idle: "c1",
    fair: "virtual-time",
    jitter: false,
    seed: 1,
    loops: 1,
    virtualNs: nsPerOp,
    nsPerOp,
    wallMs: 1,
    switches: 1,
    nsPerSwitchWall: 1,
    ipis,
    steps: [],
    spans: { wakeToQueued: SPAN, queuedToRunning: SPAN, wakeToUser: SPAN },
  };
}

describe("the reading says what the numbers say", () => {
  const rows = (any: number, sync: number, current: number, ipis = [4, 4, 0]): BenchResult[] => [
    cell("a", "any", any, ipis[0]!),
    cell("a", "sync", sync, ipis[1]!),
    cell("a", "current-cpu", current, ipis[2]!),
  ];

  test("a win", () => {
    expect(matrixReading(rows(3000, 2000, 1000))).toBe(
      "WF_CURRENT_CPU pays everywhere: a hand-off is 3.0x (a, native) to 3.0x (a, native) as fast as by a plain wake-up, with no IPIs against 4; WF_SYNC alone reaches 1.5x.",
    );
  });

  test("a loss, and IPIs in spite of it", () => {
    expect(matrixReading(rows(1000, 1000, 2000, [4, 4, 9]))).toBe(
      "WF_CURRENT_CPU buys no time here: a hand-off is 0.5x (a, native) to 0.5x (a, native) as fast as by a plain wake-up, with 9 IPIs against 4; WF_SYNC alone reaches 1.0x.",
    );
  });

  test("a draw that rounds to one counts as none", () => {
    expect(matrixReading(rows(1040, 1000, 1000, [0, 0, 0]))).toBe(
      "WF_CURRENT_CPU buys no time here: a hand-off is 1.0x (a, native) to 1.0x (a, native) as fast as by a plain wake-up, and neither sends an IPI; WF_SYNC alone reaches 1.0x.",
    );
  });

  test("a mixture names both ends", () => {
    const mixed = [...rows(3000, 3000, 1000)];
    mixed.push(cell("b", "any", 1000, 1), cell("b", "sync", 500, 1), cell("b", "current-cpu", 4000, 0));
    expect(matrixReading(mixed)).toBe(
      "WF_CURRENT_CPU pays in places: a hand-off is 0.3x (b, native) to 3.0x (a, native) as fast as by a plain wake-up, with no IPIs against 5; WF_SYNC alone reaches 1.0x to 2.0x.",
    );
  });

  test("the table shows the same ratio", () => {
    const lines = matrixTable(rows(3000, 2000, 1000))
      .trimEnd()
      .split("\n");
    expect(lines.slice(3).map((line) => line.split(/ +/).at(-1))).toEqual(["3000", "1.5x", "3.0x"]);
  });
});
