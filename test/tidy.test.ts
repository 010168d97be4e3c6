// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the checked texts hold templates

import { readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { blankText, findFunctions } from "./support/source-text.ts";
import {
  applyExceptions,
  checkSource,
  checkTest,
  type Exception,
  formatViolation,
  ROOMS,
  roomOf,
  type SourceFile,
} from "./support/tidy.ts";

/** What the house accepts for now. Each entry gives its reason, and goes when it accepts nothing any more. */
const EXCEPTIONS: readonly Exception[] = [];

function readTree(folder: string): SourceFile[] {
  const root = resolve(import.meta.dirname, "..", folder);
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .map((path) => path.replaceAll("\\", "/"))
    .filter((path) => path.endsWith(".ts"))
    .sort()
    .map((path) => ({ path, text: readFileSync(resolve(root, path), "utf8") }));
}

describe("the house", () => {
  const { remaining, stale } = applyExceptions(readTree("src").flatMap(checkSource), EXCEPTIONS);

  test("src keeps its rules", () => {
    expect(remaining.map(formatViolation)).toEqual([]);
  });

  test("every exception is needed and has a reason", () => {
    expect(stale).toEqual([]);
    expect(EXCEPTIONS.filter(({ reason }) => reason.trim() === "")).toEqual([]);
  });

  test("docs/architecture.md has every room, with its rank", () => {
    const page = readFileSync(resolve(import.meta.dirname, "../docs/architecture.md"), "utf8");
    const shown = new Map<string, number>();
    for (const [, rank, cell] of page.matchAll(/^\| (-?\d) \| ([^|]*) \|/gm)) {
      for (const [, path] of cell!.matchAll(/`src\/([^`]*)`/g))
        shown.set(roomOf(path!.includes(".ts") ? path! : `${path}/index.ts`), Number(rank));
    }
    expect([...shown].sort()).toEqual([...ROOMS].sort());
  });

  test.each(["test", "property-tests"])("no test in %s is focused or skipped", (folder) => {
    expect(readTree(folder).flatMap(checkTest).map(formatViolation)).toEqual([]);
  });
});

/** The violations of a file that is otherwise in order. */
function violationsOf(path: string, body: string): string[] {
  return checkSource({ path, text: `/** A header. */\n${body}\n` }).map(formatViolation);
}

describe("the layering rule", () => {
  test.each([
    ["cli/main.ts", "../machine.ts"],
    ["bench/run.ts", "../hosts/threads/host.ts"],
    ["machine.ts", "./atomics/index.ts"],
    ["hosts/virtual/host.ts", "../../server/index.ts"],
    ["worker/mutex.ts", "../server/index.ts"],
    ["umcg/wait.ts", "./abi.ts"],
    ["index.ts", "./stepping/index.ts"],
    ["index.ts", "./cli/main.ts"],
  ])("%s may import %s", (path, specifier) => {
    expect(violationsOf(path, `import { a } from "${specifier}";`)).toEqual([]);
  });

  test.each([
    ["umcg/wait.ts", "../server/index.ts", "umcg may not import server: an import only goes down"],
    ["machine.ts", "./cli/main.ts", "machine may not import cli: an import only goes down"],
    ["machine.ts", "./index.ts", "machine may not import index: they are side by side"],
    ["server/fifo.ts", "../worker/index.ts", "server may not import worker: they are side by side"],
    [
      "hosts/virtual/a.ts",
      "../explore/b.ts",
      "hosts/virtual may not import hosts/explore: they are side by side",
    ],
    ["trace/ring.ts", "../llist/index.ts", "trace may not import llist: they are side by side"],
    ["atomics/a.ts", "../../test/b.ts", "../../test/b.ts is outside src"],
  ])("%s may not import %s", (path, specifier, message) => {
    const expected = [`${path}:3 ${message}`];
    expect(violationsOf(path, `\nimport { a } from "${specifier}";`)).toEqual(expected);
    expect(violationsOf(path, `\nexport * from "${specifier}";`)).toEqual(expected);
    expect(violationsOf(path, `\nimport "${specifier}";`)).toEqual(expected);
    expect(violationsOf(path, `\nexport type A = import("${specifier}").A;`)).toEqual(expected);
    expect(violationsOf(path, `\nimport type {\n  A,\n} from "${specifier}";`)).toEqual([
      `${path}:5 ${message}`,
    ]);
  });

  test("an unknown room must be added to the table", () => {
    const advice =
      'unknown room "attic": add it to ROOMS in test/support/tidy.ts and to docs/architecture.md';
    expect(violationsOf("attic/a.ts", "")).toEqual([`attic/a.ts:1 ${advice}`]);
    expect(violationsOf("cli/a.ts", 'import "../attic/a.ts";')).toEqual([`cli/a.ts:2 ${advice}`]);
  });

  test("an import in a comment or in a string is none", () => {
    const body = '// import "../cli/a.ts";\nexport const text = \'import "../cli/a.ts"\';';
    expect(violationsOf("umcg/a.ts", body)).toEqual([]);
  });
});

describe("the rules of the core", () => {
  test.each([
    ["Date.now()", "Date"],
    ["new Date()", "Date"],
    ["performance.now()", "performance"],
    ["Math.random()", "Math.random"],
    ["Math\n.random()", "Math.random"],
    ["setTimeout(f, 1)", "setTimeout"],
    ["setInterval(f, 1)", "setInterval"],
    ["setImmediate(f)", "setImmediate"],
    ["queueMicrotask(f)", "queueMicrotask"],
    ["Promise.resolve()", "Promise"],
    ["async () => 1", "async"],
    ["process.hrtime()", "process"],
    ["new WeakRef(o)", "WeakRef"],
    ["new FinalizationRegistry(f)", "FinalizationRegistry"],
    ["`${Date.now()}`", "Date"],
  ])("%s is found in the core and free elsewhere", (expression, name) => {
    const body = `export const a = ${expression};`;
    const message = `${name} in kernel-sim, which must be deterministic`;
    expect(violationsOf("kernel-sim/a.ts", body)).toEqual([`kernel-sim/a.ts:2 ${message}`]);
    expect(violationsOf("hosts/threads/a.ts", body)).toEqual([]);
  });

  test("properties, longer names, comments and strings are free", () => {
    const body = [
      "// Date and Promise",
      'export const a = "Date" + `process ${x.process} Promise` + /await/.source;',
      "export const processId = updateDate(asyncState);",
    ];
    expect(violationsOf("umcg/a.ts", body.join("\n"))).toEqual([]);
  });

  test("packages and Node's modules are not imported", () => {
    expect(violationsOf("trace/a.ts", 'import fs from "node:fs";\nimport { run } from "effection";')).toEqual(
      [
        "trace/a.ts:2 import of node:fs in trace, which must be deterministic",
        "trace/a.ts:3 import of effection in trace, which imports no package",
      ],
    );
    expect(violationsOf("effection/a.ts", 'import { run } from "effection";')).toEqual([]);
    expect(violationsOf("cli/a.ts", 'import fs from "node:fs";\nimport { run } from "effection";')).toEqual([
      "cli/a.ts:3 import of effection in cli, which imports no package",
    ]);
  });
});

describe("the length guides", () => {
  const linesOf = (count: number): string => "  step();\n".repeat(count);

  test("a file has 300 lines", () => {
    expect(violationsOf("cli/a.ts", `${"a();\n".repeat(298)}a();`)).toEqual([]);
    expect(violationsOf("cli/a.ts", `${"a();\n".repeat(299)}a();`)).toEqual([
      "cli/a.ts:301 301 lines in a file, the guide is 300",
    ]);
  });

  test.each([
    ["f", "export function* f(a: number): Generator<{ b: number }, void> {\n", "}"],
    ["f", "function f(\n", "}"],
    ["f", "  f<T>(a: T): { b: T } {\n", "  }"],
    ["#f", "  static *#f(): void {\n", "  }"],
    ["[Symbol.iterator]", "  *[Symbol.iterator]() {\n", "  },"],
    ["arrow function", "export const f = (): void => {\n", "};"],
  ])("a function has 60 lines: %s in %j", (name, head, end) => {
    const short = violationsOf("cli/a.ts", head + linesOf(58).replaceAll("  ", "      ") + end);
    const long = violationsOf("cli/a.ts", head + linesOf(59).replaceAll("  ", "      ") + end);
    expect(short).toEqual([]);
    expect(long).toEqual([`cli/a.ts:2 61 lines in ${name}, the guide is 60`]);
  });

  test("only functions are measured", () => {
    const code = [
      "if (a) {",
      "  b();",
      "}",
      "f(",
      "  a,",
      ");",
      "declare function g(",
      "  a: number,",
      "): void;",
    ];
    expect(findFunctions(code.join("\n"))).toEqual([]);
  });
});

describe("the rules of syntax", () => {
  test.each([
    ["export const enum A { B }", "enum"],
    ["export namespace A { }", "namespace"],
    ["export default 1;", "default export"],
    ["export { a as default };", "default export"],
    ["export const a: any = 1;", "any"],
    ["export function f(a: any[], b: Map<string, any>): any {}", "any", 3],
    ["try { f(); } catch {}", "empty catch"],
    ["try { f(); } catch (error) {\n  // nothing\n}", "empty catch"],
    ["f().catch(() => {});", "empty catch"],
  ])("%j is found", (body, message, count = 1) => {
    const found = violationsOf("cli/a.ts", body);
    expect(found).toHaveLength(count);
    for (const line of found) expect(line).toContain(`cli/a.ts:2 ${message}`);
  });

  test("similar text is free", () => {
    const body = 'const text = "any enum";\n// any\nconst a = Promise.any(b);\ntry { f(); } catch { g(); }';
    expect(violationsOf("cli/a.ts", body)).toEqual([]);
  });

  test("a file begins with a comment, after the interpreter's line", () => {
    const check = (text: string): string[] => checkSource({ path: "cli/a.ts", text }).map(formatViolation);
    expect(check("\n// About.\n")).toEqual([]);
    expect(check("#!/usr/bin/env node\n/** About. */\n")).toEqual([]);
    expect(check("\nf();\n")).toEqual(["cli/a.ts:2 no header comment: say what the file is for"]);
    expect(check("")).toEqual(["cli/a.ts:1 no header comment: say what the file is for"]);
  });

  test.each([
    "test.only('a', f);",
    "describe.skip('a', f);",
    "it.only.each([1])('a', f);",
    "context.skip();",
  ])("a test is not focused or skipped: %s", (text) => {
    expect(checkTest({ path: "a.test.ts", text })).toHaveLength(1);
    expect(checkTest({ path: "a.test.ts", text: `const text = ${JSON.stringify(text)};` })).toEqual([]);
  });
});

describe("exceptions", () => {
  const long = checkSource({ path: "cli/a.ts", text: "export default 1;\n" });

  test("accept what they name and nothing else", () => {
    const accepted: Exception = { rule: "syntax", file: "cli/a.ts", about: "default", reason: "a test" };
    const { remaining, stale } = applyExceptions(long, [accepted]);
    expect(remaining.map(({ rule }) => rule)).toEqual(["header"]);
    expect(stale).toEqual([]);
  });

  test("are stale when they accept nothing", () => {
    const other: Exception = { rule: "syntax", file: "cli/b.ts", reason: "a test" };
    const { remaining, stale } = applyExceptions(long, [other]);
    expect(remaining).toEqual(long);
    expect(stale).toEqual([other]);
  });
});

describe("blanking", () => {
  test("keeps every offset and line", () => {
    const text = "#!/bin/x\na /* b\nc */ = 'd\\'e' + `f${g + `h`}i` / /[/']/.source; // j";
    const code = blankText(text);
    expect(code).toHaveLength(text.length);
    expect(code.split("\n").map((line) => line.replace(/ +/g, " "))).toEqual([
      " ",
      "a ",
      " = ' ' + ` ${g + ` `} ` / / /.source; ",
    ]);
  });
});
