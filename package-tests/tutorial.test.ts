/**
 * Somebody who has the packed package and docs/tutorial.md gets through all of it.
 *
 * A block behind `<!-- file: NAME -->` is written to that file. Each line of a block of `sh` is run, but those of npm, which
 * set the project up. The block of `text` behind it is in what was printed; rates of the wall clock are not compared.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Outcome, run, Scratch, textOf } from "./scratch.ts";

interface Block {
  readonly line: number;
  readonly language: string;
  readonly file: string | undefined;
  readonly text: string;
}

const TUTORIAL = textOf("docs/tutorial.md");

function blocksOf(document: string): Block[] {
  const pattern = /(?:<!-- file: (?<file>\S+) -->\n)?```(?<language>\w+)\n(?<text>[\s\S]*?)```/g;
  return [...document.matchAll(pattern)].map(({ index, groups }) => ({
    line: document.slice(0, index).split("\n").length,
    language: groups!["language"]!,
    file: groups!["file"],
    text: groups!["text"]!,
  }));
}

const BLOCKS = blocksOf(TUTORIAL);

const PEERS = ["typescript", "@types/node", "vitest", "effection", "fast-check"];

let scratch: Scratch;
let folder: string;
beforeAll(() => {
  scratch = new Scratch();
  folder = scratch.project("tutorial", PEERS, {});
});
afterAll(() => scratch.remove());

const steady = (text: string): string =>
  text
    .replaceAll(/\d+ executions\/s/g, "N executions/s")
    .replaceAll(/file:\/\/\S*\/(?=[^/\s]+$)/gm, "file:///.../");

/** What the commands printed last. */
let printed = "";

function shell(command: string): Outcome {
  return run("bash", ["-c", command], folder);
}

describe("the tutorial", () => {
  test("has all three steps", () => {
    expect(BLOCKS.filter(({ language }) => language === "sh")).toHaveLength(5);
    expect(BLOCKS.filter(({ file }) => file !== undefined)).toHaveLength(5);
    expect(BLOCKS.filter(({ language, file }) => language === "ts" && file === undefined)).toEqual([]);
  });

  test.each(BLOCKS.map((block): [number, string, Block] => [block.line, block.language, block]))(
    "line %i, %s",
    (_, language, { file, text }) => {
      if (file !== undefined) scratch.write(folder, { [file]: text });
      else if (language === "text") expect(steady(printed)).toContain(text);
      else {
        printed = "";
        for (const command of text.trimEnd().split("\n")) {
          if (command.startsWith("npm ")) continue;
          const { stdout, stderr } = shell(command);
          expect(stderr).toBe("");
          printed += stdout;
        }
      }
    },
  );

  test("its test runs, and passes", () => {
    const { status, stdout, stderr } = shell("npx vitest run");
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/Tests +1 passed/);
  });

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
