/**
 * Runs the tests of the kernel and of the thread library on the threads host, the same files (vitest.threads.config.ts), and the
 * examples, with `--host threads`. Writes docs/threads-conformance.md: how many of each file run unchanged, and why the others do not.
 *
 *     npm run conformance             all files, some minutes
 *     npm run conformance -- --doc    the document alone, of what ran last
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { conformanceFiles } from "../test/support/one-thread/files.ts";
import type { Made } from "../test/support/one-thread/machine.ts";

const ROOT = resolve(import.meta.dirname, "..");
const RESULTS = join(ROOT, "node_modules/.cache/conformance");
const EXAMPLES = join(RESULTS, "examples.json");
const SEVERAL = "needs several vCPUs, which are several isolates";
const FEWER = "asks for several vCPUs, and passes on one";
const FILE_TIMEOUT_MS = 200_000;

interface Outcome {
  readonly title: string;
  readonly status: string;
  readonly failureMessages?: readonly string[];
  readonly meta?: { readonly made?: Made };
}

mkdirSync(RESULTS, { recursive: true });
if (!process.argv.includes("--doc")) {
  for (const file of conformanceFiles()) run(file);
  writeFileSync(EXAMPLES, JSON.stringify(readdirSync(join(ROOT, "examples")).flatMap(runExample)));
}
writeFileSync(join(ROOT, "docs/threads-conformance.md"), documentText());

function run(file: string): void {
  const out = `--outputFile=${join(RESULTS, `${file.replaceAll("/", "-")}.json`)}`;
  const vitest = join(ROOT, "node_modules/vitest/vitest.mjs");
  const args = [
    vitest,
    "run",
    "--config",
    "vitest.threads.config.ts",
    "--reporter=json",
    out,
    `test/${file}`,
  ];
  spawnSync(process.execPath, args, {
    cwd: ROOT,
    timeout: FILE_TIMEOUT_MS,
    killSignal: "SIGKILL",
    stdio: "ignore",
  });
  console.log(file);
}

function outcomes(file: string): readonly Outcome[] | undefined {
  const path = join(RESULTS, `${file.replaceAll("/", "-")}.json`);
  if (!existsSync(path)) return undefined;
  const read = JSON.parse(readFileSync(path, "utf8")) as { testResults: { assertionResults: Outcome[] }[] };
  return read.testResults.flatMap(({ assertionResults }) => assertionResults);
}

/** Why a test does not run; undefined: it does. */
function reasonOf({ status, failureMessages = [], meta }: Outcome): string | undefined {
  const made = meta?.made;
  if (status === "passed" || failureMessages.length === 0) {
    if (made !== undefined && made.machines > 0) return made.fewer ? FEWER : undefined;
    if (made !== undefined && made.stepped > 0) return "chooses the order of steps, one by one";
    return (made?.built ?? 0) > 0 ? "looks at a machine without running it" : "makes no machine";
  }
  const [, told] = /not on threads: ([^\n]*)/.exec(failureMessages.join("\n")) ?? [];
  if (made?.fewer === true) return SEVERAL;
  return told ?? made?.without ?? "expects times, an order or a trace that only virtual time gives";
}

/** On vCPUs that are Workers. Only files are programs. */
function runExample(file: string): { readonly name: string; readonly status: number | null }[] {
  if (!file.endsWith(".ts")) return [];
  const args = [join(ROOT, "examples", file), "--host", "threads"];
  const { status } = spawnSync(process.execPath, args, { timeout: FILE_TIMEOUT_MS, stdio: "ignore" });
  console.log(`examples/${file}`);
  return [{ name: file.replace(/\.ts$/, ""), status }];
}

function examples(): string[] {
  if (!existsSync(EXAMPLES)) return [];
  const all = JSON.parse(readFileSync(EXAMPLES, "utf8")) as ReturnType<typeof runExample>;
  return all.map(({ name, status }) => `| ${name} | ${status === 0 ? "runs" : "fails"} |`);
}

function documentText(): string {
  const reasons = new Map<string, number>();
  let [ran, all] = [0, 0];
  const rows = conformanceFiles().map((file) => {
    const tests = outcomes(file);
    if (tests === undefined) return `| ${file} | - | waits for times that are years away |`;
    const why = new Map<string, number>();
    for (const reason of tests.map(reasonOf)) {
      all++;
      if (reason === undefined) ran++;
      else {
        why.set(reason, (why.get(reason) ?? 0) + 1);
        reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
      }
    }
    const rest = [...why].map(([reason, count]) => `${count} ${reason}`).join("; ");
    const own = tests.length - [...why.values()].reduce((sum, count) => sum + count, 0);
    return `| ${file} | ${own} of ${tests.length} | ${rest} |`;
  });
  const list = [...reasons]
    .sort(([, a], [, b]) => b - a)
    .map(([reason, count]) => `| ${count} | ${reason} |`);
  return `# Tests and examples on the threads host

Written by \`npm run conformance\`. The test files of the kernel and of the thread library run unchanged with
machines of real time in the place of simulated ones (\`test/support/one-thread\`): the same kernel on the same host, one vCPU, whose Worker
is the thread of the test, because a test and its programs share JavaScript objects. The examples run on vCPUs that are Workers
(\`node examples/hello.ts --host threads\`): each is one text for both hosts. What else runs across several vCPUs is in
[threads-host.md](threads-host.md).

${ran} of ${all} tests run so, and ${reasons.get(FEWER) ?? 0} more that ask for several vCPUs pass on one. What a test asks for that is virtual, a cost profile
or idle states, is left out; it runs if it passes without. The others:

| tests | why not |
|---|---|
${list.join("\n")}

A test that expects an order may pass on a quiet machine and fail on a busy one: a sleep of a microsecond is no promise there.

| file | run | the others |
|---|---|---|
${rows.join("\n")}

| example, with \`--host threads\` | |
|---|---|
${examples().join("\n")}
`;
}
