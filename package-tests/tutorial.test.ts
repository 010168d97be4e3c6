/**
 * Somebody who has the packed package and a page of docs gets through all of it: the tutorial, and the pages that go on from it.
 *
 * A block behind `<!-- file: NAME -->` is written to that file. Each line of a block of `sh` is run, but those of npm, which
 * set the project up. The block of `text` behind it is in what was printed; rates of the wall clock are not compared.
 */
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { type Outcome, run, Scratch, textOf } from "./scratch.ts";

interface Block {
  readonly line: number;
  readonly language: string;
  readonly file: string | undefined;
  readonly text: string;
}

function blocksOf(document: string): Block[] {
  const pattern = /(?:<!-- file: (?<file>\S+) -->\n)?```(?<language>\w+)\n(?<text>[\s\S]*?)```/g;
  return [...document.matchAll(pattern)].map(({ index, groups }) => ({
    line: document.slice(0, index).split("\n").length,
    language: groups!["language"]!,
    file: groups!["file"],
    text: groups!["text"]!,
  }));
}

const PEERS = ["typescript", "@types/node", "vitest", "effection", "fast-check"];

let scratch: Scratch;
beforeAll(() => {
  scratch = new Scratch(inject("packed"));
});
afterAll(() => scratch.remove());

const steady = (text: string): string =>
  text
    .replaceAll(/\d+ executions\/s/g, "N executions/s")
    .replaceAll(/file:\/\/\S*\/(?=[^/\s]+$)/gm, "file:///.../");

test("the tutorial has all three steps", () => {
  const blocks = blocksOf(textOf("docs/tutorial.md"));
  expect(blocks.filter(({ language }) => language === "sh")).toHaveLength(5);
  expect(blocks.filter(({ file }) => file !== undefined)).toHaveLength(5);
});

describe.each(["tutorial", "measure", "own-primitives"])("docs/%s.md", (page) => {
  const blocks = blocksOf(textOf(`docs/${page}.md`));
  const shell = (command: string): Outcome => run("bash", ["-c", command], folder);
  let folder: string;
  /** What the commands printed last. */
  let printed = "";
  beforeAll(() => {
    folder = scratch.project(page, PEERS, {});
  });

  test("has every program in a file", () => {
    expect(blocks.filter(({ language, file }) => language === "ts" && file === undefined)).toEqual([]);
  });

  test.each(blocks.map((block): [number, string, Block] => [block.line, block.language, block]))(
    "line %i, %s",
    (_, language, { file, text }) => {
      if (file !== undefined) scratch.write(folder, { [file]: text });
      else if (language === "text") expect(steady(printed)).toContain(text);
      else {
        printed = "";
        for (const command of text.trimEnd().split("\n")) {
          if (command.startsWith("npm ")) continue;
          const { stdout, stderr } = shell(command);
          expect(stderr.replace(/^report in .*\n/m, "")).toBe("");
          printed += stdout;
        }
      }
    },
  );

  if (blocks.some(({ file = "" }) => file.endsWith(".test.ts"))) {
    test("its tests run, and pass", () => {
      const { status, stdout, stderr } = shell("npx vitest run");
      expect([status, stderr]).toEqual([0, ""]);
      expect(stdout).toMatch(/Tests +[12] passed/);
    });
  }

  test("all of it is well typed", () => {
    const compilerOptions = {
      target: "es2024",
      lib: ["es2024"],
      module: "nodenext",
      types: ["node"],
      strict: true,
      noEmit: true,
      allowImportingTsExtensions: true,
    };
    scratch.write(folder, { "tsconfig.json": JSON.stringify({ compilerOptions, include: ["*.ts"] }) });
    const { status, stdout, stderr } = shell("node node_modules/typescript/bin/tsc -p .");
    expect([status, stdout, stderr]).toEqual([0, "", ""]);
  });
});
