// Files of real runs keep to the format that Perfetto reads; and what does not is found.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { run } from "../cli/fake-io.ts";
import { build, type File } from "./chrome-file.ts";
import { faultsOf } from "./chrome-format.ts";

async function fileOf(...args: string[]): Promise<File> {
  const folder = mkdtempSync(join(tmpdir(), "umcg-chrome-"));
  try {
    const path = join(folder, "trace.json");
    await run(["bench", ...args, "--trace", path]);
    return JSON.parse(readFileSync(path, "utf8")) as File;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe("the timeline of", () => {
  test.each([
    ["umcg-block"],
    ["umcg-swap"],
    ["futex-swap"],
    ["pipe", "--profile", "guest", "--jitter", "--wake", "any"],
  ])("%s keeps to the format", async (...args) => {
    const file = await fileOf(...args, "--loops", "30", "--vcpus", "2");
    expect(faultsOf(file)).toEqual([]);
    const phases = new Set(file.traceEvents.map(({ ph }) => ph));
    expect([..."MXsfC"].filter((ph) => !phases.has(ph))).toEqual([]);
  });

  test("umcg-block has named tracks, and counters that rise and fall", async () => {
    const { traceEvents } = await fileOf("umcg-block", "--loops", "10", "--vcpus", "2");
    const names = traceEvents.filter(({ name }) => name === "thread_name").map(({ args }) => args!["name"]);
    expect(names).toEqual(["vCPU 0", "vCPU 1", "server", "reader", "writer"]);
    const counters = new Map<string, Set<unknown>>();
    for (const { ph, name, args } of traceEvents) {
      if (ph !== "C") continue;
      const values = counters.get(name) ?? new Set();
      counters.set(name, values.add(Object.values(args!)[0]));
    }
    expect([...counters.keys()].sort()).toEqual([
      "idle servers",
      "idle workers",
      "run queue of vCPU 0",
      "run queue of vCPU 1",
    ]);
    expect([...counters.get("idle servers")!].sort()).toEqual([0, 1]);
    for (const values of counters.values())
      for (const value of values) expect(value).toBeGreaterThanOrEqual(0);
  });
});

describe("what is wrong with a file is found:", () => {
  const file = build([], 0);
  const base = { pid: 1, tid: 1, ts: 1, name: "a", cat: "c" };
  const name = { ph: "M", pid: 1, tid: 1, name: "thread_name", args: { name: "t" } };
  test.each([
    ["phase Q", { ...base, ph: "Q" }],
    ["X without dur: a", { ...base, ph: "X" }],
    ["arrow 1 does not end", { ...base, ph: "s", id: 1 }],
    ["arrow 1 ends and never began", { ...base, ph: "f", id: 1, bp: "e" }],
    ['counter a is {"x":"y"}', { ...base, ph: "C", args: { x: "y" } }],
    ["no name for the track of a", { ...base, tid: 2, ph: "i", s: "t" }],
    ["time -1 of a", { ...base, ts: -1, ph: "i", s: "t" }],
  ])("%s", (fault, row) => {
    expect(faultsOf({ ...file, traceEvents: [name, row] })).toContain(fault);
  });

  test("overlap, and disorder", () => {
    const slice = { ...base, ph: "X", dur: 5 };
    expect(faultsOf({ ...file, traceEvents: [name, slice, { ...slice, ts: 3 }] })).toEqual([
      "a overlaps on track 1/1",
    ]);
    expect(faultsOf({ ...file, traceEvents: [name, { ...slice, ts: 9 }, slice] })).toContain(
      "not in the order of time: a",
    );
  });
});
