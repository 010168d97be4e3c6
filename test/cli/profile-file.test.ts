/** `--profile FILE.json`: a machine of one's own, and every way the file can be wrong. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WORKLOADS } from "../../src/bench/registry.ts";
import { parseBenchArgs, type SinglePlan } from "../../src/cli/args.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "umcg-profile-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function plan(content: string | undefined, ...more: string[]): SinglePlan {
  const file = join(folder, "mine.json");
  if (content === undefined) rmSync(file, { force: true });
  else writeFileSync(file, content);
  return parseBenchArgs(["pipe", "--profile", file, ...more], WORKLOADS) as SinglePlan;
}

describe("--profile FILE.json", () => {
  test("is read, and --idle chooses among its states", () => {
    const { profile, idle } = plan(
      '{"name": "mine", "base": "guest", "steps": {"wake": 5}}',
      "--idle",
      "hlt",
    );
    expect([profile.name, profile.steps.wake, idle]).toEqual(["mine", 5, "hlt"]);
  });

  test.each([
    [undefined, "ENOENT"],
    ["{", "JSON"],
    ['{"name": "m", "steps": {"wakee": 1}}', "profile.steps.wakee is no key"],
  ])("with %j is bad usage and says why", (content, message) => {
    expect(() => plan(content)).toThrow(
      expect.objectContaining({ code: "ERR_USAGE", message: expect.stringContaining(message) }),
    );
  });
});
