// The command as a process of its own.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";

const MAIN = resolve(import.meta.dirname, "../../src/cli/main.ts");

test("a result is on stdout, with code 0", () => {
  const args = [MAIN, "bench", "pipe", "--vcpus", "1", "--loops", "20", "--json"];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  expect([status, stderr]).toEqual([0, ""]);
  expect(JSON.parse(stdout)).toMatchObject({ workload: "pipe", nsPerOp: 1250, virtualNs: 50_000 });
});

test("bad usage is on stderr, with code 2", () => {
  const args = [MAIN, "bench", "pipe", "--vcpus", "0"];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  expect([status, stdout]).toEqual([2, ""]);
  expect(stderr).toMatch(/^umcg: ERR_USAGE: --vcpus must be an integer from 1 to 1024, got "0"\n/);
});

test("Ctrl-C ends it with code 130 and leaves no file", async () => {
  const folder = mkdtempSync(join(tmpdir(), "umcg-main-"));
  try {
    const trace = join(folder, "trace.json");
    const args = [MAIN, "bench", "pipe", "--loops", "1000000000", "--trace", trace];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "pipe"] });
    const ended = once(child, "exit");
    // The file is opened after the handler is in place.
    while (readdirSync(folder).length === 0) await new Promise((wake) => setTimeout(wake, 20));
    child.kill("SIGINT");
    expect(await ended).toEqual([130, null]);
    expect(readdirSync(folder)).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("Ctrl-C ends a study with code 130 and what there is by then", async () => {
  // Tells when it has been at work for some stretches, so that the first round trips are over: the handler is in place by then.
  const tell = `process.on("newListener", (name) => {
    let turns = 0;
    const turn = () => (++turns === 5 ? process.stderr.write("ready") : setImmediate(turn));
    if (name === "SIGINT") setImmediate(turn);
  });`;
  const args = [MAIN, "bench", "seccomp-notify", "--loops", "1000000000", "--json"];
  const child = spawn(process.execPath, [
    "--import",
    `data:text/javascript,${encodeURIComponent(tell)}`,
    ...args,
  ]);
  const closed = once(child, "close");
  let stdout = "";
  child.stdout.setEncoding("utf8").on("data", (text) => {
    stdout += text;
  });
  await once(child.stderr, "data");
  child.kill("SIGINT");
  expect(await closed).toEqual([130, null]);
  expect(JSON.parse(stdout)).toMatchObject({ workload: "seccomp-notify", complete: false });
});

test("a reader that goes away is no failure", async () => {
  const child = spawn(process.execPath, [MAIN, "bench", "--help"], { stdio: ["ignore", "pipe", "pipe"] });
  const ended = once(child, "exit");
  child.stdout.destroy();
  expect(await ended).toEqual([0, null]);
});
