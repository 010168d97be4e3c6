/** Builds `dist/` from `src/`: a clean compile, and an executable command. */
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const tsc = fileURLToPath(new URL("../node_modules/typescript/bin/tsc", import.meta.url));
const command = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));

rmSync(fileURLToPath(new URL("../dist", import.meta.url)), { recursive: true, force: true });
// The pages of reports are compiled apart: they run in a browser and see no Node.
for (const project of [["tsconfig.build.json"], ["tsconfig.page.json", "--noEmit", "false"]]) {
  const { status, error } = spawnSync(process.execPath, [tsc, "-p", ...project], {
    cwd: root,
    stdio: "inherit",
  });
  if (error !== undefined) throw error;
  if (status !== 0) process.exit(status ?? 1);
}
if (existsSync(command)) chmodSync(command, 0o755);
