/**
 * Sums a CI run into its last line, `N passed, N failed`, from a folder where each step may leave
 * `<step>.json` (vitest's JSON report) and `<step>.failed` (the step ended with an error).
 *
 * A test file that could not be loaded counts as one failure, and so does a failed step that has no failed test.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly unknown[] }[];
}

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

function count(report: Report): Counts {
  const unloaded = report.testResults.filter(
    (file) => file.status === "failed" && file.assertionResults.length === 0,
  );
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + unloaded.length,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

function summarise(folder: string): Counts {
  const total: Counts = { passed: 0, failed: 0, skipped: 0 };
  const files = readdirSync(folder);
  const explained = new Set<string>();
  for (const file of files) {
    if (!file.endsWith(".json")) continue;
    const counts = count(JSON.parse(readFileSync(join(folder, file), "utf8")) as Report);
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
