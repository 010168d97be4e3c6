/** Every example runs, its own assertions hold, and it prints what its header says it shows. */
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test, vi } from "vitest";
import { type Explorable, explore } from "../../src/explore/index.ts";

const folder = fileURLToPath(new URL("../../examples/", import.meta.url));

/** What each must print. */
const SHOWN: Readonly<Record<string, RegExp>> = {
  "blocking-threads":
    /^the thread of stuck reader has died: it was ended by endHost \(it was [\s\S]*^20 files read, 200 hashes computed$/m,
  "fork-join": /^ +8 .* 9\d %$/m,
  hello: /^answer 42 after \d+ ns$/m,
  "latency-classes": /^priorities, ticks +9\d\.\d % +\d\d +1\d\d +\d{3} +\d{3} +\d{5} +\d{5}$/m,
  "own-scheduler": /^three to one +for each urgent turn 0\.33/m,
  philosophers: /^naive +0 meals, then ERR_DEADLOCK:\n[\s\S]*philosopher 4 [\s\S]*\nordered +100 meals/m,
  pipeline: /^sum 2686700 of 200 squares after \d+ us$/m,
};

describe("examples to explore", () => {
  test.each([
    ["gate", ["deadlock"], false],
    ["gate-fixed", [], true],
  ])("%s", async (name, kinds, complete) => {
    const { default: program } = (await import(`${folder}explore/${name}.ts`)) as { default: Explorable };
    const result = explore(program);
    expect(result.violations.map(({ kind }) => kind)).toEqual(kinds);
    expect(result.complete).toBe(complete);
  });
});

describe("examples", () => {
  test("are all known here", () => {
    const files = readdirSync(folder).filter((name) => name.endsWith(".ts"));
    expect(files.toSorted()).toEqual(Object.keys(SHOWN).map((name) => `${name}.ts`));
  });

  // In this process, not in one each: that would read and compile the library every time.
  test.each(Object.entries(SHOWN))("%s", async (name, shown) => {
    expect(await printed(name, [])).toMatch(shown);
  });
});

/** What each must print on real threads: what took how long is that machine's, what came of it is the program's. */
const SHOWN_ON_THREADS: Readonly<Record<string, RegExp>> = {
  "fork-join": /^ +1 +\d+\.\d\d +1\.00 +100 %$/m,
  hello: /^answer 42 after \d+ ns$[\s\S]* of real time$/m,
  "latency-classes": /^fifo .*\n.*\n.*\n^deadlines, ticks +\d+\.\d %( +\d+){6}$/m,
  "own-scheduler": /^fifo +for each urgent turn \d\.\d+ .*\n^three to one +for each urgent turn \d\.\d+/m,
  philosophers:
    /^naive +0 meals, then ERR_DEADLOCK:\n[\s\S]*philosopher 4 [\s\S]*\nordered +100 meals.*\npolite +100 meals/m,
  pipeline: /^sum 2686700 of 200 squares after \d+ us$/m,
};

const FEW: readonly string[] = ["hello", "pipeline"];

describe("examples on real threads", () => {
  test("are all but those that are of real threads in any case", () => {
    expect([...Object.keys(SHOWN_ON_THREADS), "blocking-threads"].toSorted()).toEqual(Object.keys(SHOWN));
  });

  // Each of its Workers loads the whole library: all of them when that is asked for (npm run conformance).
  const few = process.env["FC_RUNS"] === undefined;
  const tried = Object.entries(SHOWN_ON_THREADS).filter(([name]) => !few || FEW.includes(name));
  test.each(tried)("%s", async (name, shown) => {
    expect(await printed(name, ["--host", "threads"])).toMatch(shown);
  });
});

/** What an example prints that is run with these arguments. */
async function printed(name: string, args: readonly string[]): Promise<string> {
  const lines: string[] = [];
  const { argv } = process;
  const log = vi.spyOn(console, "log").mockImplementation((line: string) => void lines.push(line));
  process.argv = [...argv.slice(0, 2), ...args];
  try {
    // A module is run once: each run is of another name.
    await import(`${folder}${name}.ts${args.length > 0 ? `?${args.join("")}` : ""}`);
  } finally {
    process.argv = argv;
    log.mockRestore();
  }
  return lines.join("\n");
}
