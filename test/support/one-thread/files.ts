/** The test files that are tried on the threads host. */
import { readdirSync } from "node:fs";
import { resolve } from "node:path";

const FOLDERS = ["kernel-sim", "server", "umcg", "worker"];

/** Relative to test/, sorted. */
export function conformanceFiles(): string[] {
  const test = resolve(import.meta.dirname, "../..");
  return FOLDERS.flatMap((folder) =>
    readdirSync(resolve(test, folder))
      .filter((name) => name.endsWith(".test.ts"))
      .map((name) => `${folder}/${name}`),
  ).sort();
}
