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
    tests: [...rest!.matchAll(/`([\w/.-]+\.test\.ts)` "([^"]+)"/g)].map(([, file, title]) => [file!, title!]),
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
