/** Why a file of a user's could not be loaded. */
import { expect, test } from "vitest";
import { whyNotLoaded } from "../../src/parallel/program-module.ts";

test("a Node that does not run TypeScript is called so", () => {
  const cause = Object.assign(new Error("Unknown file extension"), { code: "ERR_UNKNOWN_FILE_EXTENSION" });
  expect(whyNotLoaded(cause)).toBe(
    `Unknown file extension: Node 22.18 and later run TypeScript, this is ${process.version}`,
  );
});

test("anything else is told as it was thrown", () => {
  expect(whyNotLoaded(new Error("no such file"))).toBe("no such file");
  expect(whyNotLoaded("a string")).toBe("a string");
});
