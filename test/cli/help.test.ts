// What every --help has: examples, and lines that fit a terminal.
import { describe, expect, test } from "vitest";
import { STUDIES } from "../../src/cli/study.ts";
import { run } from "./fake-io.ts";

const COMMANDS = [
  [],
  ["bench"],
  ["bench", "compare"],
  ["explore"],
  ["merge"],
  ["replay"],
  ["calibrate"],
  ...STUDIES.map(({ name }) => ["bench", name]),
];

describe("--help", () => {
  test.each(COMMANDS.map((command) => [command.join(" "), command] as const))(
    "of umcg %s fits 80 columns and has examples",
    async (name, command) => {
      const { code, stdout, stderr } = await run([...command, "--help"]);
      expect([code, stderr]).toEqual([0, ""]);
      expect(stdout.split("\n").filter((line) => line.length > 80)).toEqual([]);
      expect(stdout).toMatch(/^Examples?:\n {2}umcg /m);
      expect(stdout).toContain(`Usage: umcg ${name}`.trimEnd());
    },
  );
});
