/** `umcg bench switch`: lat_ctx of lmbench, its letters and its lines. */
import { metric } from "../../bench/metrics.ts";
import { type ScenarioResult, ScenarioRun } from "../../bench/scenario.ts";
import { type Switch, type SwitchOptions, startSwitch, switchMachine } from "../../bench/scenarios/switch.ts";
import { MACHINE_OPTIONS, machineHelp, machineLine, readMachine } from "../machine-options.ts";
import type { Options } from "../options.ts";
import { type Plan, REPORT_HELP, runPlan } from "../run-plan.ts";
import { Sequence } from "../sequence.ts";
import type { Session } from "../session.ts";
import type { Study } from "../study.ts";
import { formatNs, formatTable } from "../table.ts";
import { SwitchReport } from "./switch-report.ts";

const DEFAULT_VCPUS = 8;
const DEFAULT_TASKS = 2;
const MAX_TASKS = 2048;
const DEFAULT_LOOPS = 2000;
const MAX_LOOPS = 1_000_000_000;
const DEFAULT_WARM_UP = 16;
const MAX_KB = 976_562;

const HELP = `Usage: umcg bench switch [N ...] [options]

lat_ctx of lmbench in virtual time: a token goes round a ring of N tasks through
pipes. A context switch is a hop less what the same calls cost one task alone.

Arguments: sizes of rings, 2 to ${MAX_TASKS} (default ${DEFAULT_TASKS}).

Options of lat_ctx:
  -s, --size KB    working set of a task, read at each hop, and fetched again
                   when it comes to another core (default 0)
  -W, --warmup N   rounds of the token before the measured ones (default
                   ${DEFAULT_WARM_UP}); there us
  -N, --loops N    rounds to measure (default ${DEFAULT_LOOPS}); there repetitions
  -P, --parallelism N  accepted if 1: one ring at a time

${machineHelp(DEFAULT_VCPUS)}

${REPORT_HELP}

Ctrl-C ends the run; the rings that are done by then are printed.

Examples:
  umcg bench switch 2 8 32
  umcg bench switch -s 16 2 4 8 16 --vcpus 1 --format compat
`;

type Results = readonly ScenarioResult<Switch>[];

export const switchStudy: Study = {
  name: "switch",
  summary: "a token goes round rings of tasks, as lat_ctx of lmbench",
  help: HELP,
  options: {
    size: { type: "string", short: "s" },
    warmup: { type: "string", short: "W" },
    loops: { type: "string", short: "N" },
    parallelism: { type: "string", short: "P" },
    ...MACHINE_OPTIONS,
  },
  noAgainst:
    "its rings stand side by side already: name several, or compare two runs with umcg bench compare",
  takesArguments: true,

  run(options: Options, session: Session): Promise<string> {
    const choice = readMachine(options, DEFAULT_VCPUS);
    const kb = options.integer("size", 0, MAX_KB, 0);
    options.integer("parallelism", 1, 1, 1);
    const loads = sizes(options).map((tasks): SwitchOptions => {
      const loops = options.integer("loops", 1, MAX_LOOPS, DEFAULT_LOOPS);
      const warmUp = options.integer("warmup", 0, MAX_LOOPS, DEFAULT_WARM_UP);
      return { tasks, bytes: 1024 * kb, loops, warmUp };
    });
    const clock = (): number => session.io.clock();
    const report = SwitchReport.wanted(options, kb);
    const plan: Plan<Results> = {
      name: "switch",
      seed: choice.seed,
      exact: !choice.jitter,
      begin: (seed) =>
        new Sequence(
          loads.map((load) => ({
            note: `${load.tasks} tasks`,
            begin: () => {
              const machine = { ...choice, ...switchMachine(load), seed };
              const run = new ScenarioRun({ machine, clock }, (made) => startSwitch(made, load));
              return report?.watch(run) ?? run;
            },
          })),
        ),
      table: (results) => tableText(results, kb, loads.length),
      json: (results) => ({
        workload: "switch",
        ...results[0]?.facts,
        bytes: 1024 * kb,
        rings: results.map(({ measured }) => measured),
      }),
      compat: (results) => compatText(results, kb),
      metrics: (results) =>
        results.map(({ measured: { tasks, switchNs } }) => metric(`switch of ${tasks}`, "ns", switchNs)),
      ...(report !== undefined && { save: (results) => report.save(results, session) }),
    };
    return runPlan(plan, options, session).finally(() => report?.discard());
  },
};

function sizes(options: Options): number[] {
  const given = options.positionals.length === 0 ? [String(DEFAULT_TASKS)] : options.positionals;
  return given.map((text) => {
    const tasks = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (tasks >= 2 && tasks <= MAX_TASKS) return tasks;
    throw options.usage(`a ring has from 2 to ${MAX_TASKS} tasks, got "${text}"`);
  });
}

function tableText(results: Results, kb: number, asked: number): string {
  const rows = results.map(({ measured: { tasks, switchNs, hopNs, overheadNs } }) => [
    String(tasks),
    ...[switchNs, hopNs, overheadNs].map(formatNs),
  ]);
  const [first] = results;
  const machine = first === undefined ? "" : `${machineLine(first.facts)}\n`;
  const whole = results.filter(({ facts }) => facts.complete).length;
  const cut = whole < asked ? `Cut short: ${whole} of ${asked} rings are complete.\n` : "";
  return `switch: a token round rings of tasks, working sets of ${kb} kB
${machine}
${formatTable([["tasks", "switch", "hop", "alone"], ...rows], [])}
Reading: a switch is a hop in the ring less a hop of one task alone.
${cut}`;
}

/** What lat_ctx prints: us, and the overhead of the first ring. */
function compatText(results: Results, kb: number): string {
  const us = (ns: number): string => (ns / 1000).toFixed(2);
  const overhead = us(results[0]?.measured.overheadNs ?? 0);
  const lines = results.map(({ measured: { tasks, switchNs } }) => `${tasks} ${us(switchNs)}\n`);
  return `\n"size=${kb}k ovr=${overhead}\n${lines.join("")}`;
}
