/** The tables of docs/: every number has its row, and every test and predicate that a row names exists. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { INVARIANTS } from "../../src/index.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const read = (path: string): string => readFileSync(resolve(ROOT, path), "utf8");

interface Row {
  readonly number: number;
  readonly cells: readonly string[];
  /** Tests: file, and how the title begins. */
  readonly tests: readonly (readonly [file: string, title: string])[];
}

/** The rows of a table in `doc` that begin with `letter` and a number. */
function rows(doc: string, letter: string): Row[] {
  return [...read(doc).matchAll(new RegExp(`^\\| ${letter}(\\d+) \\|(.*)\\|$`, "gm"))].map(([, n, rest]) => ({
    number: Number(n),
    cells: rest!.split(" | ").map((cell) => cell.trim()),
    tests: [...rest!.matchAll(/`([\w/.-]+\.test\.ts)` ("[^"]+"(?:, "[^"]+")*)/g)].flatMap(
      ([, file, titles]) => [...titles!.matchAll(/"([^"]+)"/g)].map(([, title]) => [file!, title!] as const),
    ),
  }));
}

/** Files are below test/umcg unless they name their folder. */
function fileOf(name: string): string {
  return /^(test|property-tests)\//.test(name) ? name : `test/umcg/${name}`;
}

/** Is there a string in the file that begins like this? */
function hasTitle(file: string, title: string): boolean {
  if (!existsSync(resolve(ROOT, file))) return false;
  const text = read(file);
  return ['"', "'", "`"].some((quote) => text.includes(quote + title));
}

function missing(table: readonly Row[]): string[] {
  return table.flatMap(({ number, tests }) =>
    tests
      .filter(([file, title]) => !hasTitle(fileOf(file), title))
      .map(([file, title]) => `${number}: ${file} "${title}"`),
  );
}

describe("docs/invariants.md", () => {
  const table = rows("docs/invariants.md", "I");
  const sources = readdirSync(resolve(ROOT, "src/umcg/invariants")).map((name) =>
    read(`src/umcg/invariants/${name}`),
  );

  it("has I1 to I44", () => {
    expect(table.map(({ number }) => number)).toEqual(Array.from({ length: 44 }, (_, i) => i + 1));
  });
  it("names tests that exist", () => expect(missing(table)).toEqual([]));
  it("names a test for each invariant that applies, and a test that breaks it for each that is checked", () => {
    const bare = table.filter(
      ({ tests, cells }) => tests.length === 0 && !cells[1]?.startsWith("not here: "),
    );
    expect(bare).toEqual([]);
    const checked = table.filter(({ number, tests }) => tests[0]?.[1].startsWith(`I${number}`));
    expect(checked.map(({ number }) => String(number))).toEqual(Object.keys(INVARIANTS));
  });
  it("names predicates that exist", () => {
    const named = table.flatMap(({ cells }) => [...(cells[1] ?? "").matchAll(/`(?:\w+\.)?(#?\w+)`/g)]);
    const names = named.map(([, name]) => name!).filter((name) => name !== "hardened");
    expect(names.length).toBeGreaterThan(20);
    expect(names.filter((name) => !sources.some((text) => text.includes(`${name}(`)))).toEqual([]);
  });
});

describe("docs/umcg.md", () => {
  const table = rows("docs/umcg.md", "F");
  const shows = (row: Row): boolean => /, (flaw|model)$/.test(row.cells.at(-1) ?? "");

  it("has F1 to F57", () => {
    expect(table.map(({ number }) => number)).toEqual(Array.from({ length: 57 }, (_, i) => i + 1));
  });
  it("names tests that exist", () => expect(missing(table)).toEqual([]));
  it("says for each what becomes of it on both profiles, and which test shows it", () => {
    const said = /^(fixed: |not there|by design|user space's: )/;
    expect(table.filter(({ cells }) => cells.length !== 4 || !said.test(cells[2]!))).toEqual([]);
    expect(table.filter(({ cells }) => cells[1] === "")).toEqual([]);
    expect(table.filter(({ tests }) => tests.length === 0).map(({ number }) => number)).toEqual([51]);
  });
  it("names files that exist", () => {
    const files = table.flatMap(({ cells }) => [...cells[2]!.matchAll(/`([\w-]+(?:\/[\w-]*)?(?:\.ts)?)`/g)]);
    const gone = files
      .map(([, name]) => name!)
      .filter((name) => /\.ts$|\//.test(name))
      .filter((name) => !["src", "src/umcg", "src/llist"].some((at) => existsSync(resolve(ROOT, at, name))));
    expect(gone).toEqual([]);
  });
  it("has the scenarios S1 to S23, each with tests that exist", () => {
    const scenarios = rows("docs/umcg.md", "S");
    expect(scenarios.map(({ number }) => number)).toEqual(Array.from({ length: 23 }, (_, i) => i + 1));
    expect(missing(scenarios)).toEqual([]);
    expect(scenarios.filter(({ tests }) => tests.length === 0)).toEqual([]);
  });
  it("shows at least 28 with the bad outcome and its absence", () => {
    expect(table.filter(shows).length).toBeGreaterThanOrEqual(28);
  });
  it("calls a test of both profiles one that is: it goes by `flaw`", () => {
    const wrong = table
      .filter(({ cells }) => cells.at(-1)!.endsWith(", flaw"))
      .filter(({ tests }) => {
        const [file, title] = tests[0]!;
        return !new RegExp(`\\bflaw\\(\\s*"${title}\\b`).test(read(fileOf(file)));
      });
    expect(wrong).toEqual([]);
  });
});
