/**
 * Sums a CI run into its last line, `N passed, N failed`, from a folder where each step may leave
 * `<step>.json` (vitest's JSON report) and `<step>.failed` (the step ended with an error). Before it stands what failed, each test with
 * the head of its message: of a run of several thousand lines, the end is what its reader is shown.
 *
 * A test file that could not be loaded counts as one failure, and so does a failed step that has no failed test.
 */
import { readdirSync, readFileSync } from "node:fs";
import { basename, join, relative } from "node:path";

/** A message is cut here: a difference of two traces may fill a screen, and its head says which test to run. */
const MESSAGE_LINES = 12;

interface TestResult {
  readonly status: string;
  readonly fullName: string;
  readonly failureMessages: readonly string[];
}

interface FileResult {
  readonly name: string;
  readonly status: string;
  readonly message: string;
  readonly assertionResults: readonly TestResult[];
}

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly FileResult[];
}

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

function unloadedOf(report: Report): FileResult[] {
  return report.testResults.filter((file) => file.status === "failed" && file.assertionResults.length === 0);
}

function failuresOf(step: string, report: Report): string[] {
  const tests = report.testResults.flatMap((file) =>
    file.assertionResults
      .filter((test) => test.status === "failed")
      .map((test) => [`${relative(".", file.name)} > ${test.fullName}`, ...test.failureMessages]),
  );
  const files = unloadedOf(report).map((file) => [`${relative(".", file.name)} (not loaded)`, file.message]);
  return [...tests, ...files].map(([title, ...messages]) => {
    const lines = messages.flatMap((message) => message.split("\n"));
    return [
      `FAILED in ${step}: ${title}`,
      ...lines.slice(0, MESSAGE_LINES).map((line) => `    ${line}`),
    ].join("\n");
  });
}

function count(report: Report): Counts {
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + unloadedOf(report).length,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

function summarise(folder: string): Counts {
  const total: Counts = { passed: 0, failed: 0, skipped: 0 };
  const files = readdirSync(folder);
  const explained = new Set<string>();
  for (const file of files) {
    if (!file.endsWith(".json")) continue;
    const report = JSON.parse(readFileSync(join(folder, file), "utf8")) as Report;
    for (const failure of failuresOf(basename(file, ".json"), report)) console.log(failure);
    const counts = count(report);
    total.passed += counts.passed;
    total.failed += counts.failed;
    total.skipped += counts.skipped;
    if (counts.failed > 0) explained.add(file.replace(/\.json$/, ".failed"));
  }
  for (const file of files) {
    if (file.endsWith(".failed") && !explained.has(file)) total.failed += 1;
  }
  return total;
}

const folder = process.argv[2];
if (folder === undefined) throw new Error("usage: node scripts/ci-summary.ts <folder>");
const { passed, failed, skipped } = summarise(folder);
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
if (failed > 0) process.exitCode = 1;
