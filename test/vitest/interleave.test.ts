/** test.interleave: run by a vitest of its own, whose report says what passed and how the others failed. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";

const root = resolve(import.meta.dirname, "../..");

interface Report {
  readonly testResults: readonly {
    readonly assertionResults: readonly {
      readonly title: string;
      readonly status: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

describe("test.interleave", () => {
  const outcomes = new Map<string, { readonly status: string; readonly message: string }>();
  beforeAll(() => {
    const args = ["node_modules/vitest/vitest.mjs", "run", "--config", "test/vitest/sample.config.ts"];
    const folder = mkdtempSync(join(tmpdir(), "umcg-vitest-"));
    const file = join(folder, "report.json");
    spawnSync(process.execPath, [...args, "--reporter=json", `--outputFile.json=${file}`], {
      cwd: root,
      timeout: 150_000,
    });
    const report = JSON.parse(readFileSync(file, "utf8")) as Report;
    rmSync(folder, { recursive: true });
    for (const { title, status, failureMessages } of report.testResults.flatMap(
      (file) => file.assertionResults,
    )) {
      outcomes.set(title, { status, message: failureMessages.join("\n") });
    }
  });

  test.each(["a plain test", "correct", "sampled", "incomplete"])("%s passes", (title) => {
    expect(outcomes.get(title)).toEqual({ status: "passed", message: "" });
  });

  test("a broken program fails with its smallest interleaving", () => {
    const { status, message } = outcomes.get("broken")!;
    expect(status).toBe("failed");
    expect(message).toMatch(/assertion: an update was lost\n {2}at .*sample\.ts:15:27\n\nstep {2}t0 +t1\n/);
    expect(message).toMatch(/1 preemption, the fewest that break it; schedule "[\d* ]+"/);
  });

  test("a search that was stopped fails", () => {
    const { status, message } = outcomes.get("too large")!;
    expect(status).toBe("failed");
    expect(message).toContain("stopped after 3 executions, before the end: raise maxExecutions");
  });

  test("a bad option fails", () => {
    expect(outcomes.get("bad option")!.message).toContain(
      "maxSteps must be an integer from 1 to 1048576, got 0",
    );
  });
});
