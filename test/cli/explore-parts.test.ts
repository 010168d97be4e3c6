/** `umcg explore` interrupted and taken up again, by threads, in shards; `umcg merge`. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { run } from "./fake-io.ts";

const LOST = join(import.meta.dirname, "programs", "lost-update.ts");
const CORRECT = join(import.meta.dirname, "programs", "correct.ts");
const EXITS = join(import.meta.dirname, "..", "parallel", "programs", "exits.ts");
const FIB = ["--builtin", "fib_bench", "--n", "2"];

let folder = "";
const file = (name: string): string => join(folder, name);
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "umcg-parts-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What `--json` prints, without what is of the run. */
async function result(...args: string[]): Promise<Record<string, unknown>> {
  const { stdout, stderr } = await run([...args, "--json"], { msPerLook: 1 });
  expect(stdout, stderr).not.toBe("");
  const { executionsPerSecond: _, estimate: _e, made: _m, shards: _s, ...all } = JSON.parse(stdout);
  return all;
}

describe("what is left", () => {
  test.each([
    ["optimal", FIB],
    ["source", FIB],
    ["sleep-sets", FIB],
    ["naive", [LOST]],
    ["preemptions", [...FIB, "--max-bound", "2"]],
    ["random", FIB],
  ])("of %s is written at a limit, and gone on with to the same end", async (strategy, program) => {
    const how = [...program, "--strategy", strategy, "--all"];
    const limit = strategy === "random" ? ["--max-executions", "700"] : [];
    const left = file(`${strategy}.json`);
    const first = await run(["explore", ...how, "--max-executions", "30", "--save", left]);
    expect([first.code, first.stderr]).toEqual([
      // One that has found something says so.
      strategy === "naive" ? 1 : 3,
      `what is left is in ${left}: umcg explore --resume ${left}\n`,
    ]);
    const again = await result("explore", "--resume", left, "--max-executions", "70", "--save", left);
    expect(again).toMatchObject({ complete: false, stopped: "max-executions" });
    expect(await result("explore", "--resume", left, ...limit)).toEqual(
      await result("explore", ...how, ...limit),
    );
  });

  test("after Ctrl-C is in a file of this folder if nobody said where", async () => {
    const here = process.cwd();
    process.chdir(folder);
    try {
      const { code, stderr } = await run(["explore", CORRECT], {
        msPerLook: 200,
        onTurn: (turn) => (turn === 1 ? "SIGINT" : undefined),
      });
      const [left] = readdirSync(folder).filter((name) => name.startsWith("umcg-left-"));
      expect([code, stderr]).toEqual([130, expect.stringContaining(`umcg explore --resume ${left}\n`)]);
      expect(await result("explore", "--resume", left!)).toEqual(await result("explore", CORRECT));
    } finally {
      process.chdir(here);
    }
  });

  test("of a program that has changed is refused", async () => {
    const left = file("changed.json");
    await run(["explore", CORRECT, "--max-executions", "2", "--save", left]);
    const saved = JSON.parse(readFileSync(left, "utf8"));
    const refused = async (change: object): Promise<string> => {
      writeFileSync(left, JSON.stringify({ ...saved, ...change }));
      const { code, stderr } = await run(["explore", "--resume", left]);
      expect(code).toBe(2);
      return stderr;
    };
    expect(await refused({ fingerprint: "other" })).toContain(
      `umcg: ERR_PROGRAM_FILE: "${left}": the program or its options are no longer those that were explored`,
    );
    expect(await refused({ version: 7 })).toContain("no umcg exploration of version 1: version is 7");
    expect(await refused({ format: "x" })).toContain('no umcg exploration: format is "x"');
    expect(await refused({ left: undefined })).toContain("what is left is missing");
    expect(await refused({ program: {} })).toContain("program, fingerprint or options are missing");
  });
});

describe("how large a search may be", () => {
  test("is told on a terminal, with how deep it is", async () => {
    const { stderr } = await run(["explore", ...FIB], { isTTY: true, msPerLook: 300 });
    expect(stderr).toMatch(/exploring: \d+ executions, [^\r]*, \d+ distinct, of about \d+, depth \d+/);
  });

  test("is told of one that was stopped, and not of one that was not", async () => {
    const stopped = await run(["explore", ...FIB, "--max-executions", "40", "--json"]);
    const { distinct, estimate } = JSON.parse(stopped.stdout);
    expect(distinct).toBe(40);
    expect(estimate).toBeGreaterThanOrEqual(40);
    expect(JSON.parse((await run(["explore", ...FIB, "--json"])).stdout)).not.toHaveProperty("estimate");
    const sampled = await run(["explore", ...FIB, "--strategy", "random", "--json"]);
    expect(JSON.parse(sampled.stdout)).toMatchObject({ distinct: null, executions: 10_000 });
  });
});

describe("by threads", () => {
  test("the result is the same, and it is said who has explored", async () => {
    const { stdout } = await run(["explore", ...FIB, "--workers", "2"], { msPerLook: 1 });
    expect(stdout).toMatch(/^optimal: 140 executions, 140 distinct; complete, .* by 2 threads\n$/);
  });

  test("a limit stops them where it stops one, and what is left is gone on with", async () => {
    const left = file("limit.json");
    const how = [...FIB, "--all"];
    const limit = ["--max-executions", "60"];
    expect(await result("explore", ...how, ...limit, "--workers", "3", "--save", left)).toEqual(
      await result("explore", ...how, ...limit),
    );
    expect(await result("explore", "--resume", left, "--workers", "2")).toEqual(
      await result("explore", ...how),
    );
  });

  test("after Ctrl-C they have come back with what they had, and it is gone on with", async () => {
    const left = file("stopped.json");
    const how = ["--builtin", "lastzero", "--n", "7", "--all"];
    const stopped = await run(["explore", ...how, "--workers", "2", "--save", left], {
      msPerLook: 1,
      onTurn: (turn) => (turn === 3 ? "SIGINT" : undefined),
    });
    expect([stopped.code, stopped.stderr]).toEqual([130, expect.stringContaining("what is left is in")]);
    expect(await result("explore", "--resume", left, "--workers", "2")).toEqual(
      await result("explore", ...how),
    );
  });

  test("one that dies ends the exploration by name, and what was counted is kept", async () => {
    const left = file("died.json");
    const { code, stderr } = await run(["explore", EXITS, "--all", "--workers", "2", "--save", left], {
      msPerLook: 1,
    });
    expect(code).not.toBe(0);
    expect(stderr).toContain("a thread of the exploration has ended with code 7");
    expect(JSON.parse(readFileSync(left, "utf8"))).toMatchObject({ format: "umcg exploration" });
  });
});

describe("in shards", () => {
  async function shards(of: number, ...how: string[]): Promise<string[]> {
    const files: string[] = [];
    for (let shard = 1; shard <= of; shard++) {
      files.push(file(`shard-${shard}-of-${of}.json`));
      const { stderr } = await run(["explore", ...how, "--shard", `${shard}/${of}`, "--save", files.at(-1)!]);
      expect(stderr).toBe("");
    }
    return files;
  }

  test.each([
    ["sleep-sets", FIB],
    ["naive", [LOST]],
    ["random", FIB],
  ])("%s is complete when they are merged", async (strategy, program) => {
    const how = [...program, "--strategy", strategy, "--all"];
    expect(await result("merge", ...(await shards(3, ...how)))).toEqual(await result("explore", ...how));
  });

  test("a bounded search has one tree, of the greatest bound", async () => {
    const how = [...FIB, "--strategy", "preemptions", "--max-bound", "2", "--all"];
    const merged = await result("merge", ...(await shards(2, ...how)));
    const { executions, ...whole } = await result("explore", ...how);
    expect(merged).toMatchObject({ ...whole, executions: expect.any(Number) });
    expect(merged["executions"]).toBeLessThan(executions as number);
  });

  test.each(["optimal", "source"])("%s is complete, and what it has cost is told", async (strategy) => {
    const how = ["--builtin", "lastzero", "--n", "6", "--strategy", strategy, "--all"];
    const { blocked, redundant, ...merged } = await result("merge", ...(await shards(2, ...how)));
    const { blocked: _, ...whole } = await result("explore", ...how);
    expect(merged).toEqual(whole);
    expect(blocked).toBeGreaterThan(0);
    expect(redundant).toBe(blocked);
  });

  test("what a shard had no time for is left, and gone on with", async () => {
    const how = ["--builtin", "fib_bench", "--n", "3", "--all"];
    const [first, second] = [file("short.json"), file("long.json")];
    const short = await run(["explore", ...how, "--shard", "1/2", "--time", "1", "--save", first], {
      msPerLook: 600,
    });
    expect([short.code, short.stdout]).toEqual([3, expect.stringContaining("; not complete; ")]);
    await run(["explore", ...how, "--shard", "2/2", "--save", second]);
    const left = file("rest.json");
    expect((await run(["merge", first, second, "--save", left])).code).toBe(3);
    const { blocked, ...resumed } = await result("explore", "--resume", left);
    const { blocked: _, ...whole } = await result("explore", ...how);
    expect([resumed, Number(blocked) > 0]).toEqual([whole, true]);
  });

  test("a violation is told by its shard and shown by the merge", async () => {
    const how = ["--builtin", "reorder", "--setters", "3", "--checkers", "1", "--strategy", "sleep-sets"];
    const one = await run(["explore", ...how, "--shard", "1/1", "--save", file("one.json")]);
    expect([one.code, one.stdout]).toEqual([1, expect.stringContaining("assertion: ")]);
    const { code, stdout } = await run(["merge", file("one.json")]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/\nreplay: umcg replay --builtin reorder /);
  });

  test("that do not belong together are named", async () => {
    const [a, b, c] = await shards(3, CORRECT, "--strategy", "naive");
    const [other] = await shards(1, LOST, "--strategy", "naive");
    const refused = async (...files: string[]): Promise<string> => {
      const { code, stderr } = await run(["merge", ...files]);
      expect(code).toBe(2);
      return stderr;
    };
    expect(await refused(b!)).toContain(`"${b}": of 3 shards these are missing: 1, 3`);
    expect(await refused(a!, b!, c!, a!)).toContain(`"${a}": shard 1 is in "${a}", too`);
    expect(await refused(b!, other!)).toContain(`"${other}": its program is not that of "${b}"`);
    expect(await refused(CORRECT)).toContain("ERR_PROGRAM_FILE");
    expect(await refused()).toContain("ERR_USAGE: name the results of all shards");
  });
});

test.each([
  [["--workers", "-1"], "--workers must be an integer from 1 to 256"],
  [["--workers", "0"], "--workers must be an integer from 1 to 256"],
  [["--workers", "NaN"], "--workers must be an integer from 1 to 256"],
  [["--shard", "1/2"], "--shard needs --save FILE for its result"],
  [
    ["--shard", "0/2", "--save", "x"],
    '--shard must be I/N with I from 1 to N and N at most 10000, got "0/2"',
  ],
  [["--shard", "3/2", "--save", "x"], "--shard must be I/N with I from 1 to N"],
  [["--shard", "1/2", "--save", "x", "--workers", "2"], "--shard takes no --workers"],
  [["--resume", "x"], "--resume FILE names the program: name no other"],
  [["--workers", "2", "--strategy", "portfolio"], "portfolio takes turns on one system: it has no parts"],
])("umcg explore FILE %j is refused", async (args, message) => {
  const { code, stdout, stderr } = await run(["explore", CORRECT, ...args]);
  expect([code, stdout]).toEqual([2, ""]);
  expect(stderr).toContain(message);
});

test("what an exploration has been told already cannot be told with --resume", async () => {
  const { code, stderr } = await run(["explore", "--resume", "x", "--seed", "3"]);
  expect([code, stderr]).toEqual([
    2,
    expect.stringContaining("--seed is that of the exploration that --resume goes on with"),
  ]);
});

test("umcg merge --help fits a terminal", async () => {
  const { code, stdout } = await run(["merge", "--help"]);
  expect(code).toBe(0);
  expect(stdout.split("\n").filter((line) => line.length > 95)).toEqual([]);
});
