/**
 * Seeds defects in the library, one at a time, and has the explorations look for them:
 *
 *     npm run -s mutants                # all
 *     npm run -s mutants -- llist claim # those whose name or file has one of these in it
 *
 * Each defect is explored in a process of its own (mutant-run.ts), which changes the source text as it is loaded: the work tree
 * stays as it is. Prints by what and after how many executions each was found. Exit code 1: some were not.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { DEFECTS, type Defect } from "../property-tests/explore/library/defects.ts";

const RUN = fileURLToPath(new URL("mutant-run.ts", import.meta.url));
/** A defect that keeps the explorer itself from coming back is not found by it. */
const TIMEOUT_MS = 60_000;

interface Outcome {
  readonly found: boolean;
  /** Of the violation, or what happened instead. */
  readonly kind: string;
  readonly executions: number;
}

function explore(defect: Defect): Outcome {
  const { status, stdout, stderr } = spawnSync(process.execPath, [RUN, defect.name], {
    encoding: "utf8",
    timeout: TIMEOUT_MS,
  });
  if (status === 0) return JSON.parse(stdout) as Outcome;
  const why = status === null ? `no end within ${TIMEOUT_MS / 1000} s` : stderr.trim().split("\n").at(-1)!;
  return { found: false, kind: why, executions: 0 };
}

const wanted = process.argv.slice(2);
const chosen = DEFECTS.filter(
  ({ name, file }) => wanted.length === 0 || wanted.some((text) => `${file} ${name}`.includes(text)),
);
const begin = performance.now();
let survivors = 0;
for (const defect of chosen) {
  const { found, kind, executions } = explore(defect);
  if (!found) survivors++;
  const mark = found ? "found   " : "SURVIVES";
  const count = String(executions).padStart(7);
  console.log(`${mark} ${count}  ${kind.padEnd(10)}  ${defect.name.padEnd(62)}  ${defect.foundBy}`);
}
const seconds = ((performance.now() - begin) / 1000).toFixed(1);
console.log(`${chosen.length - survivors} of ${chosen.length} defects found, ${seconds} s`);
process.exitCode = survivors === 0 ? 0 : 1;
