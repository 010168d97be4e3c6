/**
 * The code in the documents runs, and prints what it says.
 *
 * A block of TypeScript that makes a machine is a program. One that says `runtime.` is set-up code: it is given a `machine` of two
 * vCPUs and its `runtime`, and the machine runs when it is over. Any other is the body of a worker called `worker`. What it
 * needs besides stands in a comment of the document above it, `<!-- given: ... -->`, as code. The names of the library are in
 * scope. A block that imports from "umcg/explore" is a program to explore, and what comes of it is in a block of text below.
 * Each `// prints: ...` is one call of console.log, in the order of the text.
 */
import { readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import * as explorer from "../src/explore/index.ts";
import * as umcg from "../src/index.ts";

interface Block {
  readonly line: number;
  readonly given: string;
  readonly code: string;
}

const DOCUMENTS = ["README.md", "docs/threads.md", "docs/synchronisation.md"];

const textOf = (path: string): string => readFileSync(resolve(import.meta.dirname, "..", path), "utf8");

function blocksOf(path: string): Block[] {
  const text = textOf(path);
  const pattern = /(?:<!-- given: (?<given>[\s\S]*?) -->\n+)?```ts\n(?<code>[\s\S]*?)```/g;
  return [...text.matchAll(pattern)].map(({ index, groups }) => ({
    line: text.slice(0, index).split("\n").length,
    given: groups?.["given"] ?? "",
    code: groups?.["code"] ?? "",
  }));
}

/** The program that a block stands for. */
function programOf({ given, code }: Block): string {
  const body = code.replaceAll(/^import \{[^}]*\} from "umcg";$/gm, "");
  if (body.includes("createMachine(")) return `${given}\n${body}`;
  const begin = "const machine = createMachine({ vcpus: 2 });\nconst runtime = createRuntime(machine);";
  const setUp = body.includes("runtime.");
  const rest = setUp ? `${given}\n${body}` : `runtime.spawn(function* (worker) {\n${given}\n${body}\n});`;
  return `${begin}\n${rest}\nif (machine.kernel.live > 0) machine.run();`;
}

/** Runs a block and gives what it printed. */
function printed(block: Block): string[] {
  const lines: string[] = [];
  const log = (...values: unknown[]): void => void lines.push(values.map(String).join(" "));
  const names = { ...umcg, console: { log } };
  const program = stripTypeScriptTypes(programOf(block));
  new Function(...Object.keys(names), `"use strict";\n${program}`)(...Object.values(names));
  return lines;
}

const EXPLORED = 'from "umcg/explore"';

/** Explores a block, and tells what is found as the command line does. */
function explored({ code }: Block): string {
  const body = code.replaceAll(/^import .*$/gm, "").replace("export default", "return");
  const program = new Function(...Object.keys(explorer), `"use strict";\n${body}`)(
    ...Object.values(explorer),
  ) as explorer.Explorable;
  const [finding] = explorer.explore(program).violations;
  if (finding === undefined) return "";
  const { steps } = explorer.replay(program, finding.schedule);
  const told = `${finding.kind}: ${finding.message}\n${finding.steps} steps, ${finding.preemptions} preemption`;
  return `${told}, minimal\n\n${explorer.interleavingText(steps)}`;
}

describe.each(DOCUMENTS)("%s", (path) => {
  const blocks = blocksOf(path);
  const programs = blocks.filter(({ code }) => code.includes(EXPLORED));
  it.each(programs.map((block): [number, Block] => [block.line, block]))("line %i, explored", (_, block) => {
    const found = explored(block);
    expect(found).not.toBe("");
    expect(textOf(path)).toContain(found);
  });

  const others = blocks.filter((block) => !programs.includes(block));
  it.each(others.map((block): [number, Block] => [block.line, block]))("line %i", (_, block) => {
    const expected = [...block.code.matchAll(/\/\/ prints: (.*)$/gm)].map((match) => match[1]);
    const lines = printed(block);
    if (expected.length > 0) expect(lines).toEqual(expected);
  });

  it("imports what there is", () => {
    for (const { code } of blocksOf(path))
      for (const [, names = ""] of code.matchAll(/^import \{([^}]*)\} from "umcg";$/gm))
        for (const name of names.split(",")) expect(Object.keys(umcg)).toContain(name.trim());
  });
});
