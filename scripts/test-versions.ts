/**
 * Runs the tests on the other supported lines of Node, each from the npm package `node` in a scratch folder.
 *
 *     npm run test:versions                  every line
 *     npm run test:versions -- 26            one line
 *     npm run test:versions -- 26 --report r.json    and write vitest's JSON report there
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { parseArgs } from "node:util";

/** The development line itself is the devDependency `node`. */
const VERSIONS: ReadonlyMap<string, string> = new Map([
  ["22", "22.23.3"],
  ["26", "26.10.0"],
]);

/**
 * Not run again: two minutes for each version of queueing theory, complete explorations and large loads. A machine does the same to the
 * byte on all of them, which the pinned digests of traces hold (test/hosts/virtual), and stored schedules replay.
 */
const ONCE = ["test/oracles/**", "property-tests/explore/**", "property-tests/worker/mixed-load.test.ts"];

const root = resolve(import.meta.dirname, "..");

function run(command: string, args: readonly string[], cwd: string, path: string): boolean {
  const env = { ...process.env, PATH: path };
  const { status, error } = spawnSync(command, args, { cwd, env, stdio: "inherit" });
  if (error !== undefined) throw error;
  return status === 0;
}

function testOn(version: string, report: string | undefined): boolean {
  const scratch = mkdtempSync(join(tmpdir(), "umcg-node-"));
  const path = process.env["PATH"] ?? "";
  try {
    const manifest = { private: true, dependencies: { node: version }, allowScripts: { node: true } };
    writeFileSync(join(scratch, "package.json"), JSON.stringify(manifest));
    const quiet = ["--no-audit", "--no-fund", "--no-package-lock"];
    if (!run("npm", ["install", "--prefix", scratch, ...quiet], scratch, path)) return false;

    const bin = join(scratch, "node_modules", ".bin");
    const json = report === undefined ? [] : ["--reporter=json", `--outputFile.json=${report}`];
    const args = [
      join("node_modules", "vitest", "vitest.mjs"),
      "run",
      ...ONCE.flatMap((files) => ["--exclude", files]),
      "--reporter=default",
      ...json,
    ];
    console.log(`Node ${version}`);
    return run(join(bin, "node"), args, root, bin + delimiter + path);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { report: { type: "string" } },
});
const lines = positionals.length === 0 ? [...VERSIONS.keys()] : positionals;
if (values.report !== undefined && lines.length !== 1)
  throw new Error("--report needs exactly one line of Node");
const report = values.report === undefined ? undefined : resolve(values.report);

for (const line of lines) {
  const version = VERSIONS.get(line);
  if (version === undefined)
    throw new Error(`No Node ${line} here; choose from ${[...VERSIONS.keys()].join(", ")}`);
  if (!testOn(version, report)) process.exitCode = 1;
}
