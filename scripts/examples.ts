/**
 * Runs every program in examples/, or those named, one after another; ends with the first that fails.
 *
 *     npm run examples -- hello fork-join --host threads
 */
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const folder = fileURLToPath(new URL("../examples/", import.meta.url));
const { values, positionals: wanted } = parseArgs({
  allowPositionals: true,
  options: { host: { type: "string", default: "virtual" } },
});
const names = readdirSync(folder)
  .filter((file) => file.endsWith(".ts"))
  .map((file) => file.slice(0, -".ts".length))
  .filter((name) => wanted.length === 0 || wanted.includes(name));

for (const name of names) {
  console.log(`\n== ${name}\n`);
  const { status } = spawnSync(process.execPath, [`${folder}${name}.ts`, "--host", values.host], {
    stdio: "inherit",
  });
  if (status !== 0) {
    console.error(`\nexample ${name} failed`);
    process.exit(1);
  }
}
