/** The command lines of `umcg explore` and `umcg replay`: a program with parameters of its own, and options. */
import { STRATEGIES } from "../explore/make-strategy.ts";
import { Options, type OptionTypes } from "./options.ts";
import { findBuiltin, type ProgramName } from "./program-source.ts";

/** Of one execution, at most. */
export const MAX_STEPS: number = 1 << 20;

const PROGRAM_OPTIONS: OptionTypes = {
  builtin: { type: "string" },
  help: { type: "boolean", short: "h" },
};

export const EXPLORE_OPTIONS: OptionTypes = {
  ...PROGRAM_OPTIONS,
  list: { type: "boolean" },
  strategy: { type: "string" },
  seed: { type: "string" },
  "max-executions": { type: "string" },
  "max-steps": { type: "string" },
  depth: { type: "string" },
  "max-bound": { type: "string" },
  "fair-after": { type: "string" },
  time: { type: "string" },
  all: { type: "boolean" },
  "no-shrink": { type: "boolean" },
  "step-timeout": { type: "string" },
  workers: { type: "string" },
  save: { type: "string" },
  resume: { type: "string" },
  shard: { type: "string" },
  out: { type: "string" },
  json: { type: "boolean" },
};

/** What an exploration that is taken up has already been told. */
export const SETTLED: readonly string[] = [
  "strategy",
  "seed",
  "max-steps",
  "depth",
  "max-bound",
  "fair-after",
];

export const MERGE_OPTIONS: OptionTypes = {
  save: { type: "string" },
  json: { type: "boolean" },
  help: { type: "boolean", short: "h" },
};

export const REPLAY_OPTIONS: OptionTypes = {
  ...PROGRAM_OPTIONS,
  schedule: { type: "string", empty: true },
  "best-effort": { type: "boolean" },
  "max-steps": { type: "string" },
  "step-timeout": { type: "string" },
  report: { type: "string" },
  json: { type: "boolean" },
};

const STRATEGY_LINES = Object.entries(STRATEGIES).map(
  ([name, { summary }]) => `    ${name.padEnd(11)}  ${summary}`,
);

export const EXPLORE_HELP: string = `Usage: umcg explore FILE [options]
       umcg explore --builtin NAME [--PARAMETER N ...] [options]

Executes a program under every order of its steps that makes a difference, and
prints either that nothing can go wrong, or the smallest interleaving in which
something does. FILE exports by default a program of bare mode, bareProgram() or
kernelProgram().

Options:
  --strategy NAME    how (default optimal):
${STRATEGY_LINES.join("\n")}
  --seed N           of strategies that sample (default 1)
  --depth D          of pct: ordering constraints of the bugs to be found
                     (default 3)
  --max-bound N      of preemptions, delays: at most N (default: as many as
                     there can be)
  --fair-after N     of pct, pos, urw, surw: steps after which an execution goes
                     on round robin (default: half of --max-steps)
  --max-executions N stop after N (default: none; 10000 for strategies that
                     sample)
  --max-steps N      steps of one execution; more are a violation (default
                     10000)
  --time SECONDS     stop after about that time
  --step-timeout MS  a program that makes no step for so long computes for ever,
                     which is a violation (default 10000; 0: it may)
  --all              go on after the first violation
  --no-shrink        print counterexamples as they were found
  --workers N        threads; all: one for each CPU (default 1). The result is
                     the same
  --save FILE        write what is left when it ends before its end, for
                     --resume
  --resume FILE      go on with what is left; without a program, which the file
                     names
  --shard I/N        the I-th of N parts, from 1; --save has the result, for
                     umcg merge
  --out FILE         write the first counterexample, for umcg replay
  --json             one line of JSON
  --list             show the builtin programs, which are in the repository, and
                     their parameters
  -h, --help         show this help

Ctrl-C ends the exploration and prints what there is by then; what is left is
written to --save FILE, or beside you, and can be gone on with.

Exit code: 0 complete and without violation, 1 violation, 2 usage, 3 stopped by
a limit.

Examples:
  umcg explore my-lock.ts --out broken.json
  umcg explore --builtin fib_bench --n 4
  umcg explore my-lock.ts --strategy random --time 60
  umcg explore my-lock.ts --workers all --time 3600 --save left.json
  umcg explore --resume left.json --workers all
  umcg explore my-lock.ts --strategy sleep-sets --shard 2/8 --save shard-2.json
`;

export const REPLAY_HELP: string = `Usage: umcg replay COUNTEREXAMPLE.json [options]
       umcg replay FILE --schedule "0*3 1 0" [options]
       umcg replay --builtin NAME [--PARAMETER N ...] --schedule "..." [options]

Executes a program along a schedule and prints the interleaving, a column for
each actor.

Options:
  --schedule TEXT    who steps: "0*3 1 2.1" is actor 0 three times, 1 once, and
                     2 in its second way; behind its end whoever ran goes on
                     ("": no preemption)
  --best-effort      the program has changed: leave out what cannot be done any
                     more
  --max-steps N      as of umcg explore (default 10000, or those of the
                     counterexample)
  --step-timeout MS  as of umcg explore (default 10000)
  --report FILE      write it as one HTML file to walk through: a column for
                     each actor, and what every word and task is after each step
  --json             one line of JSON
  -h, --help         show this help

Exit code: 0 nothing goes wrong, 1 violation, 2 usage or another program.

Examples:
  umcg replay broken.json
  umcg replay my-lock.ts --schedule "0*3 1 0"
  umcg replay broken.json --report broken.html
`;

export const MERGE_HELP: string = `Usage: umcg merge SHARD.json ... [options]

Puts the results of all shards of an exploration together (umcg explore --shard)
and prints what one exploration would have printed. What the shards have not
come to is left: it is written to --save FILE and gone on with by umcg explore
--resume.

Options:
  --save FILE        write what is left
  --json             one line of JSON
  -h, --help         show this help

Exit code: 0 complete and without violation, 1 violation, 2 usage, or files that
do not belong together, 3 something is left.

Example:
  umcg merge shard-*.json --save left.json || umcg explore --resume left.json
`;

const MAX_PARAMETER = 1_000_000;

/** Takes the program's own parameters for options, too. `name` is undefined if no program is named. Throws UsageError. */
export async function readProgramName(
  command: string,
  types: OptionTypes,
  args: readonly string[],
): Promise<{ readonly name: ProgramName | undefined; readonly options: Options }> {
  const builtin = builtinOf(args);
  if (builtin === undefined || args.includes("--help")) {
    const options = new Options(command, types, args);
    const [file, extra] = options.positionals;
    if (extra !== undefined) throw options.usage(`one program at a time: "${extra}" is too many`);
    return { name: file === undefined ? undefined : { file }, options };
  }
  const { name: known, parameters } = await findBuiltin(builtin, command);
  const own = Object.keys(parameters).map((name) => [name, { type: "string" }] as const);
  const options = new Options(command, { ...types, ...Object.fromEntries(own) }, args);
  const [file] = options.positionals;
  if (file !== undefined) throw options.usage(`one program at a time: "${file}" is too many`);
  const given = Object.keys(parameters).filter((name) => options.has(name));
  const values = given.map((name) => [name, options.integer(name, 0, MAX_PARAMETER, 0)] as const);
  return { name: { builtin: known, parameters: Object.fromEntries(values) }, options };
}

/** The value of --builtin, which decides what options there are. */
function builtinOf(args: readonly string[]): string | undefined {
  const at = args.findLastIndex((arg) => arg === "--builtin" || arg.startsWith("--builtin="));
  if (at < 0) return undefined;
  return args[at] === "--builtin" ? args[at + 1] : args[at]!.slice("--builtin=".length);
}
