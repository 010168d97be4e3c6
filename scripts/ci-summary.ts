/**
 * Sums a CI run into its last line, `N passed, N failed`, from a folder where each step may leave
 * `<step>.json` (vitest's JSON report), `<step>.failed` (the step ended with an error) and `<step>.log` (what it said). Before it stands
 * what failed, each test with the heads of its messages: of a run of several thousand lines, the end is what its reader is shown.
 *
 * A test file that could not be loaded counts as one failure, and so does a failed step that has no failed test: of that the end of
 * what it said is shown, or what vitest says of errors that are no test's, which are in no report.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join, relative } from "node:path";

/** A message is cut here: a difference of two traces may fill a screen, and its head says which test to run. */
const MESSAGE_LINES = 12;
/** Of a step without a failed test. */
const LOG_LINES = 30;
/** Where in the code of others a message comes from says nothing of the test. */
const FOREIGN = /^\s+at .*\bnode_modules\b/;

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
    const heads = messages.flatMap((message) =>
      message
        .split("\n")
        .filter((line) => !FOREIGN.test(line))
        .slice(0, MESSAGE_LINES),
    );
    return [`FAILED in ${step}: ${title}`, ...heads.map((line) => `    ${line}`)].join("\n");
  });
}

/** Of a step that failed, though none of its tests did. */
function endOf(folder: string, step: string): string {
  const file = join(folder, `${step}.log`);
  const lines = existsSync(file) ? readFileSync(file, "utf8").trimEnd().split("\n") : [];
  const errors = lines.findIndex((line) => line.includes("Unhandled Error"));
  const shown = errors < 0 ? lines.slice(-LOG_LINES) : lines.slice(errors, errors + LOG_LINES);
  return [`FAILED: ${step}`, ...shown.map((line) => `    ${line}`)].join("\n");
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
    if (!file.endsWith(".failed") || explained.has(file)) continue;
    total.failed += 1;
    console.log(endOf(folder, basename(file, ".failed")));
  }
  return total;
}

const folder = process.argv[2];
if (folder === undefined) throw new Error("usage: node scripts/ci-summary.ts <folder>");
const { passed, failed, skipped } = summarise(folder);
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
if (failed > 0) process.exitCode = 1;
