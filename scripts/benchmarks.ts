/**
 * Runs the comparisons with other software and writes docs/benchmarks.md, with versions and the machine they ran on.
 *
 *     npm run benchmarks                     all of them, some minutes
 *     npm run benchmarks -- coroutines       only those named; the rest of the page is left as it is
 *
 * Each is a script that prints one JSON object a line; the page is made of those, and of what stands here about them.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { resolve } from "node:path";

interface Section {
  readonly name: string;
  readonly title: string;
  readonly about: string;
  /** Of package.json. */
  readonly script: string;
}

const SECTIONS: readonly Section[] = [
  {
    name: "coroutines",
    title: "From one coroutine to another",
    script: "bench:coroutines",
    about: `What a library makes of a generator or a promise. They do not do the same: the ring and the promise schedule nothing, fibers of
Effect and tasks of effection are run by one loop, and \`umcg-swap\` goes through a kernel: a system call, the wake-up path, a run
queue, a switch, in virtual time. \`umcg-yield\` is two of those and a scheduling policy.`,
  },
  {
    name: "explorer",
    title: "Executions explored a second",
    script: "bench:explore",
    about: `Two threads of four steps each: bare generators, fast-check's scheduler (which orders promises, at random, and cannot come between
two accesses to memory), and this explorer. Below them larger programs, by optimal search and at random.`,
  },
  {
    name: "threads",
    title: "Handing work to threads",
    script: "bench:threads",
    about: `Real threads. \`raw-wait-notify\` is \`Atomics.wait\` and \`notify\` with nothing around them; \`task-*\` is a task that does nothing, sent to
a pool and waited for.`,
  },
];

const PAGE = resolve(import.meta.dirname, "../docs/benchmarks.md");

interface Row {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly baseline?: string;
  readonly ratio?: number;
  readonly version?: string;
}

function rowsOf(script: string): Row[] {
  const { status, stdout, stderr, error } = spawnSync("npm", ["run", "-s", script], { encoding: "utf8" });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`npm run ${script}: exit code ${status}\n${stderr}`);
  const lines = stdout.split("\n").filter((line) => line.startsWith("{"));
  return lines.map((line) => JSON.parse(line) as Row).filter(({ value }) => typeof value === "number");
}

function textOf({ title, about, script }: Section, rows: readonly Row[]): string {
  const cells = rows.map(({ name, value, unit, baseline, ratio, version }) => {
    const called = version === undefined ? name : `${name} (${version})`;
    const compared = ratio === undefined ? "" : `${ratio} times ${baseline ?? ""}`;
    return `| ${called} | ${value.toLocaleString("en-US")} ${unit} | ${compared} |`;
  });
  const table = ["| what | median | against |", "|---|---:|---|", ...cells].join("\n");
  return `## ${title}\n\n\`npm run -s ${script}\`, ${today()}, Node ${process.version}.\n\n${about}\n\n${table}\n`;
}

function today(): string {
  return new Date().toISOString().slice(0, 10);
}

function header(): string {
  const [first] = cpus();
  const machine = `${cpus().length} CPUs (${first?.model.trim() ?? "unknown"}), ${Math.round(totalmem() / 2 ** 30)} GB, ${process.platform}`;
  return `# Benchmarks against other software

Written by \`npm run benchmarks\`, which installs what it compares with in a scratch folder. Values are medians of repetitions that take
turns in one process; a ratio is to a row of the same run, and is what to compare between machines. This one: ${machine}.
How fast the simulator is by itself is in [performance.md](performance.md).
`;
}

/** Sections of the page as it is, by title. */
function kept(): Map<string, string> {
  if (!existsSync(PAGE)) return new Map();
  const parts = readFileSync(PAGE, "utf8")
    .split(/^(?=## )/m)
    .slice(1);
  return new Map(parts.map((part) => [part.slice(3, part.indexOf("\n")), part.trimEnd()]));
}

const wanted = process.argv.slice(2);
const known = SECTIONS.map(({ name }) => name);
const unknown = wanted.find((name) => !known.includes(name));
if (unknown !== undefined) throw new Error(`no comparison "${unknown}"; there are ${known.join(", ")}`);

const sections = kept();
for (const section of SECTIONS) {
  if (wanted.length > 0 && !wanted.includes(section.name)) continue;
  console.log(`npm run -s ${section.script} ...`);
  sections.set(section.title, textOf(section, rowsOf(section.script)).trimEnd());
}
const ordered = SECTIONS.flatMap(({ title }) => sections.get(title) ?? []);
writeFileSync(PAGE, `${[header().trimEnd(), ...ordered].join("\n\n")}\n`);
