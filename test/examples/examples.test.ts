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
  philosophers:
    /^naive +\d+ meals in \d+ us, then ERR_DEADLOCK:\n[\s\S]*philosopher 4 [\s\S]*\nordered +100 meals/m,
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
    const lines: string[] = [];
    const log = vi.spyOn(console, "log").mockImplementation((line: string) => void lines.push(line));
    try {
      await import(`${folder}${name}.ts`);
    } finally {
      log.mockRestore();
    }
    expect(lines.join("\n")).toMatch(shown);
  });
});
