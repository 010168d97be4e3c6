// What `umcg explore` says of programs that cannot be explored as they are: always with the line, never a hang.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { run } from "./fake-io.ts";

const BAD = join(import.meta.dirname, "programs", "bad");

test.each([
  ["b-import", 2, /^umcg: ERR_PROGRAM_FILE: ".*": Cannot read .* at .*b-import\.ts:2:18\n$/],
  [
    "b-setup",
    2,
    /^umcg: ERR_PROGRAM_FILE: ".*": its set-up threw Error: no layout today at .*b-setup\.ts:5:9\n$/,
  ],
  ["b-throws", 1, /\nthrew: a: thrown by a\n {2}at .*b-throws\.ts:7:11\n1 step, /],
  ["b-foreign", 1, /\nforeign-yield: a: yielded .*\n {2}at .*b-foreign\.ts:8:\d+\n1 step, /],
  [
    "b-spawn",
    1,
    /\nthrew: a(\.1)*: spawns thread 18, maxThreads is 17\n {2}step 16, .* at .*b-spawn\.ts:6:\d+\n17 steps, /,
  ],
  ["b-check", 1, /\nassertion: wrong at the end\n {2}at .*b-check\.ts:9:11\n1 step, /],
  ["k-setup", 1, /\nthrew: no tasks today\n {2}at .*k-setup\.ts:5:9\n0 steps, /],
  ["k-throws", 1, /\nthrew: task-1 \(tid 1\) threw: thrown by a task\n {2}at .*k-throws\.ts:7:11\n/],
  ["k-foreign", 1, /\nforeign-yield: task-1 \(tid 1\) yielded .*\n {2}at .*k-foreign\.ts:7:5\n/],
  ["k-spawn", 1, /\nthrew: no task slot left: maxTasks is 8\n {2}at .*k-spawn\.ts:7:25\n/],
  [
    "k-clock",
    2,
    /^umcg: ERR_NONDETERMINISM: .* it is now "task-1: store 0x\w+" at .*k-clock\.ts:7:\d+; schedule /,
  ],
])("%s: exit code %i, and what is wrong with its line", async (name, code, told) => {
  const args = ["explore", join(BAD, `${name}.ts`)];
  const ran = await run(args, { msPerLook: 1 });
  expect(ran.stdout + ran.stderr).toMatch(told);
  expect([ran.code, ran.handlers]).toEqual([code, 0]);
});

test("threads find a program that computes for ever, too, and replaying does", async () => {
  const file = join(BAD, "b-runs.ts");
  const { code, stdout } = await run(["explore", file, "--step-timeout", "100", "--workers", "2"]);
  expect(stdout).toMatch(/\nrunaway: .* at .*b-runs\.ts:1[34]\n/);
  const [, schedule = ""] = /--schedule "(.*)"/.exec(stdout) ?? [];
  const again = await run(["replay", file, "--schedule", schedule, "--step-timeout", "100"]);
  expect(again.stdout).toMatch(/\nrunaway: .* at .*b-runs\.ts:1[34]\n2 steps, 0 preemptions\n$/);
  expect([code, again.code]).toEqual([1, 1]);
});

test.each([
  [
    "unfinished.ts",
    "export default (bare => {",
    2,
    /^umcg: ERR_PROGRAM_FILE: ".*": Expected .* at .*unfinished\.ts:1\n$/,
  ],
  [
    "imports.ts",
    'import "./unfinished.ts";',
    2,
    /^umcg: ERR_PROGRAM_FILE: ".*imports\.ts": Expected .* at .*unfinished\.ts:1\n$/,
  ],
  [
    "waits.mjs",
    "await new Promise(() => {});",
    2,
    /^umcg: ERR_PROGRAM_FILE: a module that was loaded awaits, at its top level, what never comes\n$/,
  ],
  [
    "async.mjs",
    "export default (bare) => bare.thread(async () => {});",
    1,
    /\nthrew: t0: its body made \[object Promise\], and no generator: write it as function\*, and wait with yield\*\n/,
  ],
  [".", "", 2, /^umcg: ERR_PROGRAM_FILE: ".*": it is a directory\n$/],
])("%s, as a process of its own", (name, text, code, told) => {
  const folder = mkdtempSync(join(tmpdir(), "umcg bad "));
  try {
    writeFileSync(join(folder, "unfinished.ts"), "export default (bare => {");
    if (name !== ".") writeFileSync(join(folder, name), text);
    const args = [resolve(import.meta.dirname, "../../src/cli/main.ts"), "explore", join(folder, name)];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
    expect(stdout + stderr).toMatch(told);
    expect(status).toBe(code);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
