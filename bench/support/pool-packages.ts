/** The pools that ours is compared with, in a folder of their own: they are no dependencies of this package. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const PACKAGES: Readonly<Record<string, string>> = {
  piscina: "5.3.2",
  tinypool: "2.2.0",
  workerpool: "10.0.3",
  poolifier: "5.3.2",
  multithreading: "0.3.52",
};

/** Installs them if they are not there. The folder, or undefined when that fails. */
export function installPools(): string | undefined {
  const folder = join(tmpdir(), "umcg-bench-pools");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, dependencies: PACKAGES }));
  writeFileSync(join(folder, "nothing.mjs"), "export default () => undefined;\n");
  writeFileSync(
    join(folder, "workerpool.cjs"),
    'require("workerpool").worker({ nothing: () => undefined });\n',
  );
  writeFileSync(
    join(folder, "poolifier.mjs"),
    'import { ThreadWorker } from "poolifier";\nexport default new ThreadWorker(() => undefined);\n',
  );
  const missing = Object.keys(PACKAGES).some((name) => !existsSync(join(folder, "node_modules", name)));
  if (!missing) return folder;
  const { status, stderr } = spawnSync("npm", ["install", "--no-audit", "--no-fund", "--prefer-offline"], {
    cwd: folder,
    encoding: "utf8",
    timeout: 180_000,
  });
  if (status === 0) return folder;
  console.error(`the pools to compare with cannot be installed: ${stderr}`);
  return undefined;
}
