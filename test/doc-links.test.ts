/** What the documents point at is there: other documents, their sections, and files. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { describe, expect, test } from "vitest";

const ROOT = resolve(import.meta.dirname, "..");
const DOCUMENTS = ["README.md", ...readdirSync(join(ROOT, "docs")).map((name) => `docs/${name}`)].filter(
  (name) => name.endsWith(".md"),
);

const textOf = (path: string): string => readFileSync(join(ROOT, path), "utf8");

/** As a renderer of Markdown names the headings of a document. */
function anchorsOf(text: string): string[] {
  const headings = [...text.matchAll(/^#+ (.*)$/gm)].map((match) => match[1]!);
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, "")
      .replaceAll(" ", "-"),
  );
}

/** Where a path of a document may begin: each room speaks of its own files. */
const BASES = [
  "",
  "src",
  "src/kernel-sim",
  "src/kernel-sim/lkl",
  "src/umcg",
  "test",
  "test/umcg",
  "test/kernel-sim",
  "src/explore",
  "property-tests/worker",
];

test("no page is named that is not there, in documents or in sources", () => {
  const folders = ["src", "test", "property-tests", "bench", "examples"];
  const sources = folders.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
      .filter((path) => /\.(ts|md)$/.test(path))
      .map((path) => join(folder, path)),
  );
  const pages = new Set([...DOCUMENTS.map((path) => basename(path)), "CHANGELOG.md"]);
  const unknown = [...DOCUMENTS, ...sources].flatMap((path) =>
    [...textOf(path).matchAll(/[\w-]+\.md\b/g)]
      .filter(([page]) => !pages.has(page))
      .map(([page]) => `${path}: ${page}`),
  );
  expect(unknown).toEqual([]);
});

test("the README leads to each of them", () => {
  const pages = DOCUMENTS.filter((document) => document !== "README.md");
  expect(pages.filter((page) => !textOf("README.md").includes(`](${page})`))).toEqual([]);
});

describe.each(DOCUMENTS)("%s", (document) => {
  const text = textOf(document);

  test("links to what there is", () => {
    const broken: string[] = [];
    for (const [, target] of text.matchAll(/\]\((?!https?:)([^)]+)\)/g)) {
      const [path = "", anchor] = target!.split("#");
      const file = path === "" ? document : join(dirname(document), path);
      if (!existsSync(join(ROOT, file))) broken.push(target!);
      else if (anchor !== undefined && !anchorsOf(textOf(file)).includes(anchor)) broken.push(target!);
    }
    expect(broken).toEqual([]);
  });

  test("names files that there are", () => {
    const named = [...text.matchAll(/`((?:[\w-]+\/)+[\w.-]+\.ts)`/g)].map((match) => match[1]!);
    const missing = named.filter((path) => !BASES.some((base) => existsSync(join(ROOT, base, path))));
    expect(missing).toEqual([]);
  });
});
