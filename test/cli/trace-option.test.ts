// --trace FILE: whole or not at all.
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Workload } from "../../src/bench/workload.ts";
import { pipe } from "../../src/bench/workloads/pipe.ts";
import { type FakeOptions, type Ran, run } from "./fake-io.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "umcg-trace-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** A run that would be long, so that a test that gets that far shows. */
function trace(path: string, options: FakeOptions = {}, loops = "5"): Promise<Ran> {
  return run(["bench", "umcg-swap", "--json", "--loops", loops, "--trace", path], options);
}

describe("a trace file", () => {
  test("is Chrome JSON with the machine's CPUs and tasks", async () => {
    const path = join(folder, "trace.json");
    const { code, stdout, stderr } = await trace(path);
    expect([code, stderr]).toEqual([0, `timeline in ${path}\n`]);
    expect(JSON.parse(stdout).workload).toBe("umcg-swap");
    const { traceEvents } = JSON.parse(readFileSync(path, "utf8"));
    const names = traceEvents.map((event: { name: string }) => event.name);
    expect(names).toContain("wake follower");
    expect(names).toContain("sleeping (umcg_wait)");
    expect(names).toContain("idle (c1)");
    expect(readdirSync(folder)).toEqual(["trace.json"]);
  });

  test("replaces an older one, through a link too", async () => {
    const [path, link] = [join(folder, "trace.json"), join(folder, "link.json")];
    writeFileSync(path, "old");
    symlinkSync(path, link);
    expect((await trace(link)).code).toBe(0);
    expect(readFileSync(path, "utf8")).toContain("traceEvents");
    expect(readdirSync(folder).toSorted()).toEqual(["link.json", "trace.json"]);
    expect(readFileSync(link, "utf8")).toBe(readFileSync(path, "utf8"));
  });

  test("is of fewer loops unless they are given", async () => {
    const path = join(folder, "trace.json");
    const { stdout } = await run(["bench", "pipe", "--json", "--trace", path]);
    expect(JSON.parse(stdout).loops).toBe(1000);
  });

  test("may be a device, which stays one", async () => {
    expect((await trace("/dev/null")).code).toBe(0);
    expect(statSync("/dev/null").isFile()).toBe(false);
  });

  test("that had to be cut off says so", async () => {
    const path = join(folder, "trace.json");
    const { code, stderr } = await trace(path, {}, "100000");
    expect(code).toBe(0);
    expect(stderr).toBe(`timeline in ${path}, cut off at its greatest length: use fewer --loops\n`);
  });
});

/** Nothing was run: a run of a thousand million loops would not have come back. */
async function refused(path: string, reason: string): Promise<void> {
  const { code, stdout, stderr, handlers } = await trace(path, {}, "1000000000");
  expect(stderr).toBe(`umcg: ERR_TRACE_FILE: cannot write "${path}": ${reason}\n`);
  expect([code, stdout, handlers]).toEqual([1, "", 0]);
}

describe("a file that cannot be written is found out before the run", () => {
  test("in a folder that is not there", async () => {
    await refused(join(folder, "no", "trace.json"), "ENOENT: no such file or directory");
    expect(readdirSync(folder)).toEqual([]);
  });

  test("because it is a folder", async () => {
    await refused(folder, "EISDIR: illegal operation on a directory");
    await refused(`${join(folder, "later")}/`, "ENOENT: no such directory");
    expect(readdirSync(folder)).toEqual([]);
  });

  test("in what is no folder", async () => {
    writeFileSync(join(folder, "file"), "");
    await refused(join(folder, "file", "trace.json"), "ENOTDIR: not a directory");
  });

  test("because its name is too long", async () => {
    await refused(join(folder, "x".repeat(300)), "ENAMETOOLONG: name too long");
  });

  // The superuser may write anything.
  test.each(process.getuid?.() === 0 ? [] : ["folder", "file"])(
    "because the %s is protected",
    async (what) => {
      const path = join(folder, "trace.json");
      writeFileSync(path, "old");
      chmodSync(what === "file" ? path : folder, what === "file" ? 0o444 : 0o555);
      await refused(path, "EACCES: permission denied");
      chmodSync(folder, 0o755);
      expect(readFileSync(path, "utf8")).toBe("old");
    },
  );
});

describe("no part of a file is left", () => {
  const failing: Workload = {
    ...pipe,
    start(machine) {
      machine.spawn(function* (env) {
        yield* env.sys.futexWait(env.allocate(4), 0);
      });
      return new Set();
    },
  };

  test("when the run fails", async () => {
    const path = join(folder, "trace.json");
    expect((await run(["bench", "pipe", "--trace", path], {}, [failing])).code).toBe(1);
    expect(readdirSync(folder)).toEqual([]);
  });

  test("and an older file stays as it was", async () => {
    const path = join(folder, "trace.json");
    writeFileSync(path, "old");
    expect((await run(["bench", "pipe", "--trace", path], {}, [failing])).code).toBe(1);
    expect(readdirSync(folder)).toEqual(["trace.json"]);
    expect(readFileSync(path, "utf8")).toBe("old");
  });

  test.each([1, 2, 4])(
    "when the user interrupts at turn %i: in the run, or while it is written",
    async (when) => {
      const files: number[] = [];
      const onTurn = (turn: number): "SIGINT" | undefined => {
        files.push(readdirSync(folder).length);
        return turn === when ? "SIGINT" : undefined;
      };
      const { code, stdout } = await trace(join(folder, "trace.json"), { onTurn }, "500");
      expect([code, stdout]).toEqual([130, ""]);
      expect(files).toEqual(Array(when).fill(1));
      expect(readdirSync(folder)).toEqual([]);
    },
  );

  test("when its folder vanishes during the run", async () => {
    const inner = join(folder, "inner");
    mkdirSync(inner);
    const onTurn = (): undefined => {
      rmSync(inner, { recursive: true, force: true });
    };
    const path = join(inner, "trace.json");
    const { code, stdout, stderr } = await trace(path, { onTurn });
    expect(stderr).toContain(
      `umcg: ERR_TRACE_FILE: cannot write "${path}": ENOENT: no such file or directory`,
    );
    expect([code, stdout]).toEqual([1, ""]);
    expect(existsSync(inner)).toBe(false);
  });
});
