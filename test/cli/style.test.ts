// Colours, and what was meant.
import { expect, test } from "vitest";
import { paint, wantsColour } from "../../src/cli/style.ts";
import { closest } from "../../src/diagnostics/nearest.ts";

test.each([
  [true, {}, true],
  [false, {}, false],
  [true, { NO_COLOR: "1" }, false],
  [true, { NO_COLOR: "" }, true],
  [true, { TERM: "dumb" }, false],
  [false, { FORCE_COLOR: "1" }, true],
  [false, { FORCE_COLOR: "true", NO_COLOR: "1", TERM: "dumb" }, true],
  [true, { FORCE_COLOR: "0" }, false],
  [true, { FORCE_COLOR: "false" }, false],
  [true, { FORCE_COLOR: "", NO_COLOR: "1" }, false],
])("terminal %j with %j: colour %j", (isTTY, env, wanted) => {
  expect(wantsColour(isTTY, env)).toBe(wanted);
});

test("is put around text, or not", () => {
  expect(paint("bad", "red", true)).toBe("\u001b[31mbad\u001b[39m");
  expect(paint("bad", "red", false)).toBe("bad");
  expect(paint("bad", "red", undefined)).toBe("bad");
});

test.each([
  ["pip", "pipe"],
  ["piep", "pipe"],
  ["schedbench", "schbench"],
  ["--vcpu", "--vcpus"],
  ["messagign", "messaging"],
  ["frobnicate", undefined],
  ["", undefined],
  ["x", undefined],
])("%j is nearest to %j", (word, meant) => {
  expect(closest(word, ["pipe", "schbench", "--vcpus", "messaging", "open"])).toBe(meant);
});
