import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const script = resolve(import.meta.dirname, "../../scripts/ci-summary.ts");

describe("the last lines of a CI run", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "umcg-summary-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function report(step: string, passed: number, testResults: readonly object[]): void {
    const tests = testResults.flatMap(
      (file) => (file as { assertionResults: { status: string }[] }).assertionResults,
    );
    const numFailedTests = tests.filter(({ status }) => status === "failed").length;
    const counts = { numPassedTests: passed, numFailedTests, numPendingTests: 0, numTodoTests: 1 };
    writeFileSync(join(folder, `${step}.json`), JSON.stringify({ ...counts, testResults }));
  }

  function summary(): { status: number | null; lines: string[] } {
    const { status, stdout } = spawnSync(process.execPath, [script, folder], {
      encoding: "utf8",
      timeout: 120_000,
    });
    return { status, lines: stdout.trimEnd().split("\n") };
  }

  it("name each test that failed, with its step and the heads of its messages", () => {
    const long = Array.from({ length: 40 }, (_, n) => `line ${n}`).join("\n");
    const failed = {
      status: "failed",
      fullName: "a thing does it",
      failureMessages: [`expected 1\n    at x (/a/node_modules/b.js:1:1)\n${long}`, "it hangs"],
    };
    const passed = { status: "passed", fullName: "a thing is", failureMessages: [] };
    const name = resolve("test/a.test.ts");
    report("node-22", 7, [{ name, status: "failed", message: "", assertionResults: [passed, failed] }]);
    writeFileSync(join(folder, "node-22.failed"), "");

    const { status, lines } = summary();

    expect(status).toBe(1);
    expect(lines.slice(0, 2)).toEqual([
      "FAILED in node-22: test/a.test.ts > a thing does it",
      "    expected 1",
    ]);
    expect(lines.slice(2, 4)).toEqual(["    line 0", "    line 1"]);
    expect(lines).toHaveLength(1 + 12 + 1 + 1);
    expect(lines.at(-2)).toBe("    it hangs");
    expect(lines.at(-1)).toBe("7 passed, 1 failed, 1 skipped");
  });

  it("count a file that could not be loaded and a step that left no report", () => {
    const name = resolve("test/b.test.ts");
    report("node-24", 3, [{ name, status: "failed", message: "no such module", assertionResults: [] }]);
    writeFileSync(join(folder, "check.failed"), "");

    const { status, lines } = summary();

    expect(status).toBe(1);
    expect(lines).toEqual([
      "FAILED in node-24: test/b.test.ts (not loaded)",
      "    no such module",
      "FAILED: check",
      "3 passed, 2 failed, 1 skipped",
    ]);
  });

  it("show what a step said that failed without a test, above all of errors that are no test's", () => {
    const said = Array.from({ length: 100 }, (_, n) => `line ${n}`);
    report("node-22", 3, []);
    writeFileSync(join(folder, "node-22.failed"), "");
    writeFileSync(join(folder, "node-22.log"), [...said.with(20, "Unhandled Errors"), ""].join("\n"));
    writeFileSync(join(folder, "package.failed"), "");
    writeFileSync(join(folder, "package.log"), [...said, ""].join("\n"));

    const { lines } = summary();

    expect(lines.slice(0, 3)).toEqual(["FAILED: node-22", "    Unhandled Errors", "    line 21"]);
    expect(lines.slice(30, 33)).toEqual(["    line 49", "FAILED: package", "    line 70"]);
    expect(lines.slice(-2)).toEqual(["    line 99", "3 passed, 2 failed, 1 skipped"]);
  });
});
