/** `umcg bench rtapp`: a description of tasks in the manner of rt-app. */
import { readFileSync } from "node:fs";
import { type Metric, metric } from "../../bench/metrics.ts";
import { parseRtapp } from "../../bench/rtapp/parse.ts";
import type { RtappProgram } from "../../bench/rtapp/program.ts";
import { type RtappLog, rtappMachine, startRtapp } from "../../bench/rtapp/rtapp.ts";
import { RtappError } from "../../bench/rtapp/rtapp-error.ts";
import { type ScenarioResult, ScenarioRun } from "../../bench/scenario.ts";
import { parseDuration } from "../../bench/stats/quantities.ts";
import type { NamedHistogram } from "../../report/bench-report.ts";
import { Histogram } from "../../trace/histogram.ts";
import { MeasurementFileError } from "../errors.ts";
import { MACHINE_OPTIONS, machineHelp, readMachine } from "../machine-options.ts";
import type { Options } from "../options.ts";
import { type Plan, runPlan, STUDY_HELP } from "../run-plan.ts";
import type { Session } from "../session.ts";
import type { Study } from "../study.ts";
import type { Side } from "../study-pair.ts";
import { compatText, summarise, tableText } from "./rtapp-report.ts";

const DEFAULT_VCPUS = 8;

const HELP = `Usage: umcg bench rtapp FILE.json [options]

Runs the tasks that a file for rt-app describes: phases of run, runtime, sleep,
timer, lock, unlock, wait, signal, broad, sync, barrier, suspend, resume, yield
and fork, with policy, priority, cpus, instance, delay and loop, for global's
duration. Prints how late timers woke the tasks, how much time they had left in
their periods, and how often none.

Comments and commas behind the last entry are allowed. A key that is not known,
or asks for what is not simulated (deadlines, memory and device loads), is an
error that names it.

Options:
  --duration T     virtual time, instead of the file's: 500ms, 10s

${machineHelp(DEFAULT_VCPUS)}

${STUDY_HELP}
compat is the log of each thread, one behind the other.

Ctrl-C ends the run; what there is by then is printed.

Examples:
  umcg bench rtapp tasks.json --vcpus 4
  umcg bench rtapp tasks.json --duration 2s --fair eevdf-6.12 --format compat
`;

export const rtapp: Study = {
  name: "rtapp",
  summary: "tasks that a JSON file for rt-app describes",
  help: HELP,
  options: { duration: { type: "string" }, ...MACHINE_OPTIONS },
  takesArguments: true,

  run(options: Options, session: Session, side?: Side): Promise<string> {
    const [file, extra] = options.positionals;
    if (file === undefined) throw options.usage("name a file that describes tasks");
    if (extra !== undefined) throw options.usage(`one file at a time: "${extra}" is too many`);
    const choice = readMachine(options, DEFAULT_VCPUS);
    const program = readProgram(file, choice.vcpus);
    const untilNs = options.parsed("duration", parseDuration) ?? program.durationNs;
    if (untilNs === undefined && neverEnds(program))
      throw options.usage(`"${file}" describes tasks without end and no duration: give --duration`);
    const clock = (): number => session.io.clock();
    const plan: Plan<ScenarioResult<RtappLog>> = {
      name: "rtapp",
      seed: choice.seed,
      exact: !choice.jitter,
      begin: (seed) =>
        new ScenarioRun(
          {
            machine: { ...choice, ...rtappMachine(program), seed },
            clock,
            ...(untilNs !== undefined && { untilNs }),
          },
          (machine) => startRtapp(machine, program),
        ),
      table: (result) => tableText(file, program, result),
      json: ({ facts, measured }) => ({
        workload: "rtapp",
        file,
        ...facts,
        tasks: summarise(program, measured).map((task) => task),
      }),
      compat: ({ measured }) => compatText(program, measured),
      metrics: ({ measured }) => metrics(program, measured),
      load: { file, ...(untilNs !== undefined && { durationNs: untilNs }) },
      distributions: ({ measured }) => distributions(program, measured),
    };
    return runPlan(plan, options, session, side);
  },
};

/** Of all threads of a task together; a task without a timer has no lateness. */
function distributions({ tasks }: RtappProgram, { threads }: RtappLog): NamedHistogram[] {
  return tasks.flatMap(({ name }) => {
    const lines = threads.filter(({ task }) => task.name === name).flatMap(({ log }) => log);
    const timed = lines.filter(({ periodNs }) => periodNs > 0);
    const periods = Histogram.of(lines.map(({ startNs, endNs }) => endNs - startNs));
    const late = Histogram.of(timed.map(({ wakeLatencyNs }) => wakeLatencyNs));
    return [
      { name: `${name}: wake-up`, note: "from the timer to the task", histogram: late },
      { name: `${name}: phase`, note: "from the beginning of a phase to its end", histogram: periods },
    ].filter(({ histogram }) => histogram.count > 0);
  });
}

function readProgram(file: string, vcpus: number): RtappProgram {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    throw new MeasurementFileError(file, cause);
  }
  try {
    return parseRtapp(text, vcpus);
  } catch (error) {
    throw error instanceof RtappError ? error.in(file) : error;
  }
}

function neverEnds({ tasks }: RtappProgram): boolean {
  return tasks.some(
    ({ instances, loop, phases }) =>
      instances > 0 &&
      (loop === undefined || phases.some((phase) => phase.loop === Number.POSITIVE_INFINITY)),
  );
}

function metrics(program: RtappProgram, log: RtappLog): Metric[] {
  return summarise(program, log).flatMap(({ task, period, wakeLatency, slack }) => [
    metric(`${task} period`, "ns", period.mean),
    ...(wakeLatency === undefined
      ? []
      : [
          metric(`${task} wake-up p50`, "ns", wakeLatency.p50),
          metric(`${task} wake-up max`, "ns", wakeLatency.max),
        ]),
    ...(slack === undefined
      ? []
      : [{ ...metric(`${task} slack`, "ns", slack.mean), better: "higher" as const }]),
  ]);
}
