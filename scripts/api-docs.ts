/**
 * Makes the API reference from the docstrings: one page a name, by entry of the package.
 *
 *     npm run docs:api                 into build/api
 *     npm run docs:api -- --out DIR
 *
 * TypeDoc needs the programming interface of an older TypeScript than the one that checks this repository, so both are
 * installed in a scratch folder, with versions that are pinned here. Exits with 1 if a docstring links to what is not there.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";

const TOOLS = { typedoc: "0.28.20", typescript: "6.0.3" } as const;

const root = resolve(import.meta.dirname, "..");

function must(command: string, args: readonly string[], cwd: string): void {
  const { status, error } = spawnSync(command, args, { cwd, stdio: "inherit" });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(" ")}: exit code ${status}`);
}

/** Sources of the package's entries, from its map of exports. */
function entryPoints(): string[] {
  const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    readonly exports: Readonly<Record<string, string | { readonly default: string }>>;
  };
  return Object.values(exports).flatMap((target) =>
    typeof target === "string"
      ? []
      : [join(root, target.default.replace("./dist/", "src/").replace(/\.js$/, ".ts"))],
  );
}

function generate(scratch: string, out: string): void {
  writeFileSync(join(scratch, "package.json"), JSON.stringify({ private: true, dependencies: TOOLS }));
  must("npm", ["install", "--no-audit", "--no-fund", "--no-package-lock", "--prefer-offline"], scratch);
  const options = {
    name: "umcg",
    entryPoints: entryPoints(),
    tsconfig: join(root, "tsconfig.json"),
    readme: join(root, "README.md"),
    out,
    excludeInternal: true,
    excludePrivate: true,
    githubPages: false,
    validation: { notExported: false, invalidLink: true, notDocumented: false },
    treatValidationWarningsAsErrors: true,
  };
  writeFileSync(join(scratch, "typedoc.json"), JSON.stringify(options));
  must(process.execPath, ["node_modules/typedoc/bin/typedoc", "--options", "typedoc.json"], scratch);
}

const { values } = parseArgs({ options: { out: { type: "string", default: join(root, "build", "api") } } });
const scratch = mkdtempSync(join(tmpdir(), "umcg-api-"));
try {
  generate(scratch, resolve(values.out));
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
