// `npm run stability`: a number of runs that is none is no success.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const script = fileURLToPath(new URL("../scripts/stability.ts", import.meta.url));

test.each([
  ["--times", "many", "--times must be a whole number from 1, got many"],
  ["--times", "0", "--times must be a whole number from 1, got 0"],
  ["--load", "1.5", "--load must be a whole number from 0, got 1.5"],
])("%s %s", (option, value, message) => {
  const { status, stderr } = spawnSync(process.execPath, [script, option, value], { encoding: "utf8" });
  expect(status).toBe(1);
  expect(stderr).toContain(`RangeError: ${message}`);
});
