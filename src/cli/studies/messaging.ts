/** `umcg bench messaging` and `umcg bench hackbench`: one benchmark, with the letters and lines of either tool. */
import { metric } from "../../bench/metrics.ts";
import { type ScenarioResult, ScenarioRun } from "../../bench/scenario.ts";
import {
  type Messaging,
  type MessagingOptions,
  messagingMachine,
  startMessaging,
} from "../../bench/scenarios/messaging.ts";
import { plural } from "../../diagnostics/plural.ts";
import { MACHINE_OPTIONS, machineHelp, machineLine, readMachine } from "../machine-options.ts";
import type { Options, OptionTypes } from "../options.ts";
import { perfTotal } from "../perf-text.ts";
import { type Plan, runPlan, STUDY_HELP } from "../run-plan.ts";
import type { Session } from "../session.ts";
import type { Study } from "../study.ts";
import type { Side } from "../study-pair.ts";
import { formatNs } from "../table.ts";

const DEFAULT_VCPUS = 8;
const DEFAULT_GROUPS = 10;
const DEFAULT_LOOPS = 100;
const PAIRS = 20;
const BYTES = 100;
/** Pipes are as large as Linux's, and all are there at once. */
const MAX_PIPES = 4096;
const MAX_LOOPS = 1_000_000_000;
const MAX_BYTES = 1 << 20;

const CUT = "The run was cut short.";

type Result = ScenarioResult<Messaging>;

const ABOUT = `Groups of senders and receivers: each sender writes to each receiver of its
group. Prints the time from the start signal until the last task has ended. Here
tasks talk through pipes, and threads and processes are the same.`;

const TAIL = `
${machineHelp(DEFAULT_VCPUS)}

${STUDY_HELP}

Ctrl-C ends the run; the messages that were received by then are printed.
`;

export const messaging: Study = {
  name: "messaging",
  summary: "groups of senders and receivers, as perf bench sched messaging",
  help: `Usage: umcg bench messaging [options]

perf bench sched messaging in virtual time.
${ABOUT}

Options of perf bench:
  -g, --group N     groups of ${PAIRS} senders and ${PAIRS} receivers (default ${DEFAULT_GROUPS})
  -l, --nr_loops N  messages of each sender to each receiver (default ${DEFAULT_LOOPS})
  -p, --pipe        accepted: there are pipes only
  -t, --thread      call the tasks threads
${TAIL}
Examples:
  umcg bench messaging -g 2 -l 20
  umcg bench messaging -g 20 -l 1000 -p -t --fair eevdf-6.12 --format compat
`,
  options: {
    group: { type: "string", short: "g" },
    nr_loops: { type: "string", short: "l" },
    pipe: { type: "boolean", short: "p" },
    thread: { type: "boolean", short: "t" },
    ...MACHINE_OPTIONS,
  },
  run(options: Options, session: Session, side?: Side): Promise<string> {
    const load: MessagingOptions = {
      groups: options.integer("group", 1, MAX_PIPES / PAIRS, DEFAULT_GROUPS),
      loops: options.integer("nr_loops", 1, MAX_LOOPS, DEFAULT_LOOPS),
      pairs: PAIRS,
      bytes: BYTES,
    };
    const kind = options.has("thread") ? "threads" : "processes";
    const compat = ({ facts, measured }: Result): string =>
      `# Running 'sched/messaging' benchmark:
# ${PAIRS} sender and receiver ${kind} per group
# ${load.groups} groups == ${measured.tasks} ${kind} run
${facts.complete ? "" : `# ${CUT}\n`}
${perfTotal(measured.totalNs)}`;
    return runMessaging("messaging", load, compat, options, session, side);
  },
};

const HACKBENCH_OPTIONS: OptionTypes = {
  groups: { type: "string", short: "g" },
  loops: { type: "string", short: "l" },
  fds: { type: "string", short: "f" },
  datasize: { type: "string", short: "s" },
  pipe: { type: "boolean", short: "p" },
  threads: { type: "boolean", short: "T" },
  process: { type: "boolean", short: "P" },
};

export const hackbench: Study = {
  name: "hackbench",
  summary: "the same with the letters of hackbench",
  help: `Usage: umcg bench hackbench [options]

hackbench in virtual time.
${ABOUT}

Options of hackbench:
  -g, --groups N    groups (default ${DEFAULT_GROUPS})
  -f, --fds N       descriptors of each task: 2 N tasks a group (default ${PAIRS})
  -l, --loops N     messages of each sender to each receiver (default ${DEFAULT_LOOPS})
  -s, --datasize N  bytes of a message (default ${BYTES})
  -p, --pipe        accepted: there are pipes only
  -T, --threads     call the tasks threads; -P, --process: processes
${TAIL}
Examples:
  umcg bench hackbench -g 2 -f 10 -l 50
  umcg bench hackbench -g 20 -l 1000 -p -T --format compat
`,
  options: { ...HACKBENCH_OPTIONS, ...MACHINE_OPTIONS },
  run(options: Options, session: Session, side?: Side): Promise<string> {
    const pairs = options.integer("fds", 1, MAX_PIPES, PAIRS);
    const load: MessagingOptions = {
      groups: options.integer("groups", 1, Math.floor(MAX_PIPES / pairs), DEFAULT_GROUPS),
      loops: options.integer("loops", 1, MAX_LOOPS, DEFAULT_LOOPS),
      pairs,
      bytes: options.integer("datasize", 1, MAX_BYTES, BYTES),
    };
    const mode = options.has("threads") ? "threaded" : "process";
    const compat = ({ facts, measured }: Result): string =>
      `${facts.complete ? "" : `${CUT}\n`}Running in ${mode} mode with ${load.groups} groups using ${2 * pairs} file descriptors each (== ${measured.tasks} tasks)
Each sender will pass ${load.loops} messages of ${load.bytes} bytes
Time: ${(measured.totalNs / 1e9).toFixed(3)}
`;
    return runMessaging("hackbench", load, compat, options, session, side);
  },
};

function runMessaging(
  name: string,
  load: MessagingOptions,
  compat: (result: Result) => string,
  options: Options,
  session: Session,
  side: Side | undefined,
): Promise<string> {
  const choice = readMachine(options, DEFAULT_VCPUS);
  const clock = (): number => session.io.clock();
  const plan: Plan<Result> = {
    name,
    seed: choice.seed,
    exact: !choice.jitter,
    begin: (seed) =>
      new ScenarioRun({ machine: { ...choice, ...messagingMachine(load), seed }, clock }, (machine) =>
        startMessaging(machine, load),
      ),
    table: (result) => tableText(name, load, result),
    json: ({ facts, measured }) => ({ workload: name, ...facts, ...load, ...measured }),
    compat,
    metrics: ({ facts, measured: { totalNs, messages } }) => [
      metric("total time", "ns", totalNs),
      metric("switches a message", "", facts.switches / messages),
      metric("IPIs a message", "", facts.ipis / messages),
    ],
    load,
  };
  return runPlan(plan, options, session, side);
}

function tableText(name: string, load: MessagingOptions, { facts, measured }: Result): string {
  const { totalNs, messages, tasks } = measured;
  const each = `${plural(load.groups, "group")} of ${load.pairs} senders and ${load.pairs} receivers, ${plural(load.loops, "loop")}`;
  const asked = load.groups * load.pairs ** 2 * load.loops;
  const cut = facts.complete ? "" : `The run was cut short: ${asked} messages were asked for.\n`;
  const perMessage = (count: number): string => (count / messages).toFixed(2);
  return `${name}: ${each}
${machineLine(facts)}

total time ${formatNs(totalNs)}; ${messages} messages of ${load.bytes} bytes among ${tasks} tasks
a message took ${formatNs((totalNs * facts.vcpus) / messages)} of CPU, ${perMessage(facts.switches)} switches and ${perMessage(facts.ipis)} IPIs
${(facts.wallMs / 1000).toFixed(2)} s of wall time
Reading: ${formatMillions(messages / (totalNs / 1e9))} messages a second.
${cut}`;
}

function formatMillions(rate: number): string {
  return rate < 1e6 ? `${Math.round(rate)}` : `${(rate / 1e6).toFixed(2)} million`;
}
