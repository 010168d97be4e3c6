/** Software to compare with, installed where it is in nobody's way: it is no dependency of this project. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

export interface Scratch {
  readonly folder: string;
  /** As it was installed. */
  version(name: string): string;
  /** Throws what importing it throws. */
  load(name: string): Promise<Record<string, unknown>>;
}

/** `packages`: exact versions by name. The folder goes when this process ends. Throws when npm does not succeed. */
export function scratchInstall(packages: Readonly<Record<string, string>>): Scratch {
  const folder = mkdtempSync(join(tmpdir(), "umcg-compare-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, dependencies: packages }));
  const args = [
    "install",
    "--no-audit",
    "--no-fund",
    "--no-package-lock",
    "--ignore-scripts",
    "--prefer-offline",
  ];
  const { status, stderr, error } = spawnSync("npm", args, { cwd: folder, encoding: "utf8" });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`npm install of ${Object.keys(packages).join(", ")}: ${stderr}`);
  const require = createRequire(join(folder, "package.json"));
  return {
    folder,
    version: (name) => versionIn(folder, name),
    load: (name) => import(pathToFileURL(require.resolve(name)).href) as Promise<Record<string, unknown>>,
  };
}

/** Of a package that the project in `folder` has. */
export function versionIn(folder: string, name: string): string {
  const manifest = readFileSync(join(folder, "node_modules", name, "package.json"), "utf8");
  return (JSON.parse(manifest) as { readonly version: string }).version;
}
