// `umcg explore` and `umcg replay`: what they print and write, how they end, how they can be called wrongly.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { run } from "./fake-io.ts";

const program = (name: string): string => join(import.meta.dirname, "programs", `${name}.ts`);
const LOST = program("lost-update");
const CORRECT = program("correct");

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "umcg-explore-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("umcg explore", () => {
  test("of a correct program gives a certificate and 0", async () => {
    const { code, stdout, stderr, handlers } = await run(["explore", CORRECT], { msPerLook: 1 });
    expect([code, stderr, handlers]).toEqual([0, "", 0]);
    expect(stdout).toMatch(
      /^optimal: 6 executions, 6 distinct; complete, no violation; \d+ executions\/s\n$/,
    );
  });

  test("of a broken one shows the interleaving and how to replay it, and gives 1", async () => {
    const { code, stdout } = await run(["explore", LOST], { msPerLook: 1 });
    expect(code).toBe(1);
    expect(stdout).toMatch(/; not complete \(violation\), 1 violation; /);
    expect(stdout).toMatch(
      /\nassertion: an update was lost\n {2}at .*lost-update\.ts:12:25\n6 steps, 1 preemption, minimal\n/,
    );
    expect(stdout).toMatch(/^step {2}a +b +c$/m);
    expect(stdout).toMatch(/^ {3}0 {2}load x$/m);
    expect(stdout).toContain(`\nreplay: umcg replay ${LOST} --schedule "`);
    expect(
      Math.max(
        ...stdout
          .split("\n")
          .slice(1, -2)
          .map((line) => line.length),
      ),
    ).toBeLessThanOrEqual(80);
  });

  test("of a data race names the word, both threads and both lines", async () => {
    const { code, stdout } = await run(["explore", program("race")], { msPerLook: 1 });
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /\ndata-race: data race on flag: nothing orders the plain store of giver and the plain load of taker\n {2}step \d, \w+ at .*race\.ts:\d+:\d+\n {2}step \d, \w+ at .*race\.ts:\d+:\d+\n3 steps, 0 preemptions, minimal\n/,
    );
  });

  test("of a program that looks at the clock says so, with the line, and gives 2", async () => {
    const { code, stderr } = await run(["explore", program("clock")], { msPerLook: 1 });
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^umcg: ERR_NONDETERMINISM: the program is nondeterministic: step \d of [ab] is not .*: it is now "store x, \d+" at .*clock\.ts:\d+:\d+; schedule "/,
    );
  });

  test("knows a builtin program however its name is written, and under the names of its published sizes", async () => {
    const { code, stdout } = await run(["explore", "--builtin", "N-Writers", "--n", "2", "--json"], {});
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ executions: 6, program: { builtin: "n_writers" } });
    const reorder = await run(["explore", "--builtin", "reorder_3", "--json", "--no-shrink"], {});
    expect(reorder.code).toBe(1);
    expect(JSON.parse(reorder.stdout)).toMatchObject({ violations: [{ kind: "assertion" }] });
  });

  test("with --json prints one line", async () => {
    const args = ["explore", LOST, "--json", "--all", "--strategy", "naive"];
    const { code, stdout } = await run(args, { msPerLook: 1 });
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      strategy: "naive",
      executions: 90,
      distinct: 36,
      blocked: 0,
      complete: true,
      violations: [
        { kind: "assertion", steps: 6, preemptions: 1, minimal: true, replay: expect.any(String) },
      ],
      executionsPerSecond: expect.any(Number),
    });
  });

  test.each([
    [["--max-executions", "3"], "max-executions"],
    [["--time", "1"], "time"],
  ])("with %j is stopped by a limit, and gives 3", async (args, why) => {
    const { code, stdout } = await run(["explore", CORRECT, ...args], { msPerLook: 600 });
    expect(code).toBe(3);
    expect(stdout).toContain(`; not complete (${why}), no violation; `);
  });

  test("prints what there is on Ctrl-C, and gives 130", async () => {
    const left = join(folder, "interrupted.json");
    const { code, stdout, stderr, handlers } = await run(["explore", CORRECT, "--save", left], {
      msPerLook: 200,
      onTurn: (turn) => (turn === 1 ? "SIGINT" : undefined),
    });
    expect([code, handlers]).toEqual([130, 0]);
    expect(stdout).toContain("; not complete (interrupted), no violation; ");
    expect(stderr).toBe(
      `what is left is in ${left}: umcg explore --resume ${left}\numcg: interrupted by SIGINT\n`,
    );
  });

  test("shows how far it is, on a terminal, after two seconds", async () => {
    const args = ["explore", CORRECT, "--strategy", "random", "--max-executions", "40"];
    const { stderr } = await run(args, { isTTY: true, msPerLook: 300 });
    expect(stderr).toMatch(/exploring: \d+ executions, [\d.]+\/s, \d+ %/);
  });
});

describe("what strategies can be told", () => {
  test("is how deep the bugs of pct are, and its name says so", async () => {
    const args = [
      "explore",
      CORRECT,
      "--strategy",
      "pct",
      "--depth",
      "5",
      "--max-executions",
      "20",
      "--json",
    ];
    expect(JSON.parse((await run(args)).stdout)).toMatchObject({ strategy: "pct5", executions: 20 });
  });

  test.each([
    ["preemptions", "6 executions", 3],
    ["delays", "1 execution", 3],
  ])("is the greatest number of %s: with none, few schedules", async (strategy, executions, code) => {
    const ran = await run(["explore", LOST, "--strategy", strategy, "--max-bound", "0"]);
    expect([ran.code, ran.stdout]).toEqual([code, expect.stringContaining(`${strategy}: ${executions}`)]);
  });

  test("is when executions become fair: from the first step on, all are the same", async () => {
    const args = ["explore", LOST, "--strategy", "pos", "--max-executions", "30", "--all", "--json"];
    const violations = async (...more: string[]): Promise<number> =>
      JSON.parse((await run([...args, ...more])).stdout).violations.length;
    expect(await violations()).toBe(1);
    const fair = JSON.parse((await run([...args, "--no-shrink", "--fair-after", "0"])).stdout);
    expect(fair.violations).toMatchObject([{ schedule: "0 1 2 0 1 2" }]);
  });
});

describe("a counterexample", () => {
  const file = (): string => join(folder, "found.json");
  const write = (): Promise<unknown> => run(["explore", LOST, "--out", file()]);

  test("is written and replayed", async () => {
    await write();
    const { code, stdout, stderr } = await run(["replay", file()]);
    expect([code, stderr]).toEqual([1, ""]);
    expect(stdout).toMatch(/^step {2}a +b +c$/m);
    expect(stdout).toMatch(/\nassertion: an update was lost\n6 steps, 1 preemption\n$/);
    const json = await run(["replay", file(), "--json"]);
    expect(JSON.parse(json.stdout)).toMatchObject({
      preemptions: 1,
      violation: { kind: "assertion", message: "an update was lost" },
    });
  });

  test.each([
    ["polite", "step-bound: an execution did not end within 60 steps"],
    ["spins", "livelock: nobody can go on: waiter at spin on lock"],
  ])("of a program that does not end is a violation again: %s", async (name, violation) => {
    const [found, page] = [join(folder, `${name}.json`), join(folder, `${name}.html`)];
    const explored = await run(["explore", program(name), "--max-steps", "60", "--out", found]);
    expect(explored.stdout).toContain(`\n${violation}\n`);
    const { code, stdout } = await run(["replay", found, "--report", page]);
    expect(code).toBe(1);
    expect(stdout).toContain(`\n${violation}\n`);
    expect(stdout.split("\n").length).toBeLessThan(70);
    expect(readFileSync(page, "utf8")).toContain(violation.replace(/^[\w-]+: /, ""));
    const [, line = ""] = /^replay: umcg (.*)$/m.exec(explored.stdout) ?? [];
    const given = [...line.matchAll(/"([^"]*)"|\S+/g)].map(([word, quoted]) => quoted ?? word);
    expect(await run(given)).toMatchObject({ code: 1, stdout });
  });

  test("of a program that has changed is refused, unless as far as it goes", async () => {
    await write();
    const changed = { ...JSON.parse(readFileSync(file(), "utf8")), fingerprint: "other" };
    writeFileSync(file(), JSON.stringify(changed));
    const { code, stderr } = await run(["replay", file()]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^umcg: ERR_PROGRAM_FILE: .*no longer those of the counterexample/);
    expect((await run(["replay", file(), "--best-effort"])).code).toBe(1);
  });

  test("may be a schedule of no steps: whoever comes first runs to the end", async () => {
    const { code, stdout } = await run(["replay", LOST, "--schedule", ""]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/\nno violation\n6 steps, 0 preemptions\n$/);
  });

  test("that goes wrong nowhere gives 0", async () => {
    const { code, stdout } = await run(["replay", LOST, "--schedule", "0*2 1*2 2*2"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/\nno violation\n6 steps, 0 preemptions\n$/);
  });
});

test.each([
  [["explore"], "ERR_USAGE: name a file with a program, or --builtin NAME"],
  [["explore", LOST, CORRECT], `ERR_USAGE: one program at a time: "${CORRECT}" is too many`],
  [["explore", LOST, "--strategy", "fast"], "ERR_USAGE: --strategy must be one of optimal, "],
  [["explore", LOST, "--max-steps", "0"], "ERR_USAGE: --max-steps must be an integer from 1 to 1048576, got"],
  [["explore", LOST, "--depth", "0"], "ERR_USAGE: --depth must be an integer from 1 to 1000, got"],
  [["explore", LOST, "--max-bound", "-1"], "ERR_USAGE: --max-bound must be an integer from 0 to"],
  [["explore", LOST, "--fair-after", "1.5"], "ERR_USAGE: --fair-after must be an integer from 0 to 1048576"],
  [["explore", LOST, "--strategy", ""], "ERR_USAGE: --strategy needs a value"],
  [["explore", program("absent")], `ERR_PROGRAM_FILE: "${program("absent")}": there is no such file`],
  [["explore", "--builtin", "lastzro"], 'ERR_USAGE: unknown program "lastzro"; did you mean lastzero?'],
  [["explore", program("nothing")], "ERR_PROGRAM_FILE: "],
  [["replay"], "ERR_USAGE: name a counterexample, or a program and a --schedule"],
  [["replay", LOST], "ERR_USAGE: a program needs a --schedule"],
  [["replay", LOST, "--schedule", "0 x"], 'ERR_USAGE: "x" is no part of a schedule'],
  [
    ["replay", LOST, "--schedule", "9"],
    "ERR_SCHEDULE_MISMATCH: step 0 of the schedule cannot be made: actor 9",
  ],
])("%j is refused", async (args, message) => {
  const { code, stdout, stderr, handlers } = await run(args);
  expect([code, stdout, handlers]).toEqual([2, "", 0]);
  expect(stderr).toContain(`umcg: ${message}`);
});

test.each([["explore"], ["replay"]])("umcg %s --help fits a terminal", async (command) => {
  const { code, stdout } = await run([command, "--help"]);
  expect(code).toBe(0);
  expect(stdout).toMatch(new RegExp(`^Usage: umcg ${command} `));
  expect(stdout.split("\n").filter((line) => line.length > 90)).toEqual([]);
});
