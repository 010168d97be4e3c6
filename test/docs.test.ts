/**
 * The code in the documents runs, and prints what it says. (That of some pages is run from the packed package: PLAYED.)
 *
 * A block of TypeScript that imports something is a module: it may await, and what it exports is explored if it is a program.
 * Any other has the names of the library in scope. If it makes a machine it is a program. One that makes or uses a
 * `runtime` is set-up code: it is given a `machine`, and a `runtime` unless it makes one, and the machine runs when it is
 * over. What is left is the body of a worker called `worker`. What a block needs besides stands in a comment of the
 * document above it, `<!-- given: ... -->`, as code. A block behind `<!-- file: NAME -->` is written to a file beside the
 * others and not run by itself. In what is given `modules` has what can be imported, and `after` takes what is to be done at
 * the end. Each `// prints: ...` is one call of console.log, in the order of the text.
 */
import * as diagnostics from "node:diagnostics_channel";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as explorer from "../src/explore/index.ts";
import * as umcg from "../src/index.ts";
import * as library from "../src/library/index.ts";
import * as threadsHost from "../src/machine/threads/index.ts";
import * as threads from "../src/threads/index.ts";

interface Block {
  readonly line: number;
  readonly file: string | undefined;
  readonly given: string;
  readonly code: string;
}

const ROOT = resolve(import.meta.dirname, "..");
/** Played from the packed package, commands and all: package-tests/tutorial.test.ts. */
const PLAYED: readonly string[] = ["docs/tutorial.md", "docs/measure.md", "docs/own-primitives.md"];

const textOf = (path: string): string => readFileSync(join(ROOT, path), "utf8");

function blocksOf(path: string): Block[] {
  const text = textOf(path);
  const pattern =
    /(?:<!-- file: (?<file>\S+) -->\n+)?(?:<!-- given: (?<given>[\s\S]*?) -->\n+)?```ts\n(?<code>[\s\S]*?)```/g;
  return [...text.matchAll(pattern)].map(({ index, groups }) => ({
    line: text.slice(0, index).split("\n").length,
    file: groups?.["file"],
    given: groups?.["given"] ?? "",
    code: groups?.["code"] ?? "",
  }));
}

const DOCUMENTS = ["README.md", ...readdirSync(join(ROOT, "docs")).map((name) => `docs/${name}`)].filter(
  (path) => path.endsWith(".md") && !PLAYED.includes(path) && blocksOf(path).length > 0,
);

/** What a block may import. */
const MODULES: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  umcg: umcg,
  "umcg/explore": explorer,
  "umcg/library": library,
  "umcg/threads": threads,
  "umcg/threads-host": threadsHost,
  "node:diagnostics_channel": diagnostics,
};

const isModule = ({ code }: Block): boolean => /^import /m.test(code);

/** The body of a function that does what the block does. */
function programOf(block: Block): string {
  const { given } = block;
  const code = stripTypeScriptTypes(block.code)
    .replaceAll(/^import \{([^}]*)\} from ("\.\/[^"]*");$/gm, "const {$1} = await load($2);")
    .replaceAll(/^import \{([^}]*)\} from ("[^"]*");$/gm, "const {$1} = modules[$2];")
    .replace("export default ", "return ")
    .replaceAll("import.meta.url", "here");
  if (isModule(block) || code.includes("createMachine(")) return `${given}\n${code}`;
  const machine = "const machine = createMachine({ vcpus: 4 });";
  const rest = `${given}\n${code}\nif (machine.kernel.live > 0) machine.run();`;
  if (code.includes("createRuntime(")) return `${machine}\n${rest}`;
  const begin = "const machine = createMachine({ vcpus: 2 });\nconst runtime = createRuntime(machine);";
  if (code.includes("runtime.")) return `${begin}\n${rest}`;
  return `${begin}\nruntime.spawn(function* (worker) {\n${given}\n${code}\n});\nmachine.run();`;
}

interface Outcome {
  readonly printed: readonly string[];
  readonly exported: unknown;
}

/** Where the files of the documents are. */
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "umcg-docs-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** As a module that finds the library in this checkout. */
function writeBlock({ file, code }: Block): void {
  const text = code.replaceAll(/from "umcg(\/[\w-]+)?";/g, (_, entry: string = "") => {
    const room = entry === "/threads-host" ? "machine/threads" : entry;
    const source = join(ROOT, "src", room, "index.ts");
    return `from "${pathToFileURL(source).href}";`;
  });
  writeFileSync(join(folder, file!), text);
}

const AsyncFunction = (async () => {}).constructor as new (
  ...args: string[]
) => (...values: unknown[]) => Promise<unknown>;

async function runBlock(block: Block): Promise<Outcome> {
  const printed: string[] = [];
  const log = (...values: unknown[]): void => void printed.push(values.map(String).join(" "));
  const cleanups: (() => Promise<unknown>)[] = [];
  const after = (cleanup: () => Promise<unknown>): void => void cleanups.push(cleanup);
  const here = pathToFileURL(join(folder, "block.ts")).href;
  const load = (file: string): Promise<unknown> => import(new URL(file, here).href);
  const scope = { modules: MODULES, load, after, here, console: { log }, ...(isModule(block) ? {} : umcg) };
  const run = new AsyncFunction(...Object.keys(scope), `"use strict";\n${programOf(block)}`);
  try {
    return { printed, exported: await run(...Object.values(scope)) };
  } finally {
    for (const cleanup of cleanups) await cleanup();
  }
}

/** Explores a program, and tells what is found as the command line does. Empty: nothing is. */
function findingOf(program: explorer.Explorable): string {
  const { violations, complete } = explorer.explore(program);
  const [finding] = violations;
  if (finding === undefined) {
    expect(complete).toBe(true);
    return "";
  }
  const { steps } = explorer.replay(program, finding.schedule);
  const told = `${finding.kind}: ${finding.message}\n${finding.steps} steps, ${finding.preemptions} preemption`;
  return `${told}, minimal\n\n${explorer.interleavingText(steps)}`;
}

describe.each(DOCUMENTS)("%s", (path) => {
  const files = blocksOf(path).filter(({ file }) => file !== undefined);
  const blocks = blocksOf(path).filter(({ file }) => file === undefined);
  beforeAll(() => files.forEach(writeBlock));

  it.each(blocks.map((block): [number, Block] => [block.line, block]))("line %i", async (_, block) => {
    const expected = [...block.code.matchAll(/\/\/ prints: (.*)$/gm)].map((match) => match[1]);
    const { printed, exported } = await runBlock(block);
    if (expected.length > 0) expect(printed).toEqual(expected);
    if (explorer.isExplorable(exported)) expect(textOf(path)).toContain(findingOf(exported));
  });

  it("imports what there is", () => {
    for (const { code } of blocks)
      for (const [, names = "", from = ""] of code.matchAll(/^import \{([^}]*)\} from "([^".][^"]*)";$/gm))
        for (const name of names.split(",").map((part) => part.trim()))
          if (!name.startsWith("type ")) expect(Object.keys(MODULES[from] ?? {})).toContain(name);
  });
});
