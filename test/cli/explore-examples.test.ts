/** The commands of examples/ci-matrix and examples/kubernetes, run here one after the other. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { run } from "./fake-io.ts";

const ROOT = resolve(import.meta.dirname, "../..");

/** Command lines of umcg in a text, as their words; those that go over several lines in one. `index`: what stands for a number. */
function commandsOf(text: string, index: RegExp): string[][] {
  const joined = text.replace(/\n +(?=--)/g, " ").replace(index, "INDEX");
  return [...joined.matchAll(/npx umcg ([^\n"|&]+)/g)].map(([, line]) => line!.trim().split(" "));
}

test.each([
  ["ci-matrix/explore.yml", 4, /\$\{\{ matrix\.shard \}\}/g],
  ["kubernetes/explore.yaml", 8, /\$\(\(JOB_COMPLETION_INDEX \+ 1\)\)/g],
])("%s explores in %i shards and merges them", async (path, of, variable) => {
  const folder = mkdtempSync(join(tmpdir(), "umcg-example-"));
  const here = process.cwd();
  const local = (word: string): string =>
    word.startsWith("examples/") ? join(ROOT, word) : word.replace(/^\/results\//, "");
  try {
    process.chdir(folder);
    const [shard, merge] = commandsOf(readFileSync(join(ROOT, "examples", path), "utf8"), variable);
    for (let i = 1; i <= of; i++) {
      const words = shard!.map((word) => local(word.replace("INDEX", String(i))));
      const { code, stdout } = await run(words);
      expect([code, stdout]).toEqual([
        0,
        expect.stringMatching(new RegExp(`^shard ${i} of ${of}: .*; complete;`)),
      ]);
    }
    const words = merge!.flatMap((word) =>
      word.includes("*") ? readdirSync(folder).filter((name) => name.startsWith("shard-")) : [local(word)],
    );
    const { code, stdout } = await run(words);
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/^sleep-sets: .*; complete, no violation; merged\n$/),
    ]);
  } finally {
    process.chdir(here);
    rmSync(folder, { recursive: true });
  }
});
