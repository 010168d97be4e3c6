/**
 * Runs tests again and again while the machine is busy, and says how often which failed:
 *
 *     npm run -s stability -- --times 20 --load 2 test/threads test/hosts/threads
 *
 * `--load`: processes that do nothing but compute, as many as there are CPUs unless given. Without paths: the tests that block.
 * A run that does not end in ten minutes is killed, and has failed. One line of JSON a run, and one for all. Exit code 1: some
 * failed.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const RUN_TIMEOUT_MS = 600_000;
const BLOCKING = ["test/threads", "test/machine/threads", "test/hosts/threads", "test/library"];
const VITEST = fileURLToPath(new URL("../node_modules/vitest/vitest.mjs", import.meta.url));

/** Computes for as long as this process is there, however it ends. */
const BURN = `while (process.ppid === ${process.pid});`;

interface Report {
  readonly numTotalTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

interface Outcome {
  readonly tests: number;
  /** Those that failed, with the first line of why. */
  readonly failed: readonly string[];
}

function countOf(option: string, given: string, least: number): number {
  const count = Number(given);
  if (Number.isInteger(count) && count >= least) return count;
  throw new RangeError(`--${option} must be a whole number from ${least}, got ${given}`);
}

function once(paths: readonly string[], folder: string): Outcome {
  const file = join(folder, "report.json");
  rmSync(file, { force: true });
  const { status, stderr, error } = spawnSync(
    process.execPath,
    [VITEST, "run", "--project", "unit", "--reporter", "json", "--outputFile", file, ...paths],
    { encoding: "utf8", timeout: RUN_TIMEOUT_MS },
  );
  if (!existsSync(file))
    return { tests: 0, failed: [`no report: ${error?.message ?? stderr.trim().slice(0, 500)}`] };
  const report = JSON.parse(readFileSync(file, "utf8")) as Report;
  const failed = report.testResults.flatMap(({ name, message, assertionResults }) => [
    ...(assertionResults.length === 0 ? [`${name}: ${message}`] : []),
    ...assertionResults
      .filter((result) => result.status === "failed")
      .map(({ fullName, failureMessages }) => `${fullName}: ${failureMessages[0]?.split("\n")[0]}`),
  ]);
  // A Worker's error that no test has caught fails the run and no test.
  if (status !== 0 && failed.length === 0) failed.push(`exit code ${status}: ${stderr.trim().slice(0, 500)}`);
  return { tests: report.numTotalTests, failed };
}

const { values, positionals } = parseArgs({
  options: { times: { type: "string", default: "20" }, load: { type: "string" } },
  allowPositionals: true,
});
const times = countOf("times", values.times, 1);
const load = countOf("load", values.load ?? String(availableParallelism()), 0);
const paths = positionals.length === 0 ? BLOCKING : positionals;
const burners = Array.from(
  { length: load },
  (): ChildProcess => spawn(process.execPath, ["-e", BURN], { stdio: "ignore" }),
);
const folder = mkdtempSync(join(tmpdir(), "stability-"));
let bad = 0;
try {
  for (let run = 1; run <= times; run++) {
    const began = performance.now();
    const { tests, failed } = once(paths, folder);
    if (failed.length > 0) bad++;
    const seconds = Math.round((performance.now() - began) / 1000);
    console.log(JSON.stringify({ run, tests, seconds, failed }));
  }
} finally {
  for (const burner of burners) burner.kill();
  rmSync(folder, { recursive: true });
}
console.log(JSON.stringify({ runs: times, failedRuns: bad, load, paths }));
if (bad > 0) process.exitCode = 1;
