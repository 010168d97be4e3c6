/** `umcg calibrate`: a cost profile of the machine it runs on. */
import { Calibration, type CalibrationResult } from "../bench/calibrate/calibration.ts";
import type { Probes } from "../bench/calibrate/probes.ts";
import { PROFILES, type ProfileName } from "../hosts/virtual/cost-model.ts";
import { isMeasured } from "../hosts/virtual/cost-sources.ts";
import { STEP_NAMES } from "../kernel-sim/steps.ts";
import type { CliIo } from "./io.ts";
import { Options, type OptionTypes } from "./options.ts";
import { Session } from "./session.ts";
import { formatTable } from "./table.ts";
import { TraceFile } from "./trace-file.ts";

const DEFAULT_SECONDS = 4;
const MAX_SECONDS = 600;

const OPTIONS: OptionTypes = {
  base: { type: "string" },
  seconds: { type: "string" },
  name: { type: "string" },
  out: { type: "string" },
  json: { type: "boolean" },
  help: { type: "boolean", short: "h" },
};

const CALIBRATE_HELP = `Usage: umcg calibrate [options]

Times what JavaScript can reach of the machine it runs on (a system call,
hand-offs and a cache line between two threads, timed sleeps, page faults),
solves the cost model's sums for the steps, and takes the others from a base
profile. Every step says where its price comes from. Threads cannot be pinned
from Node: let the machine be quiet, or a hand-off stays on one CPU and tells
nothing of IPIs.

Options:
  --out FILE      write the profile, for umcg bench --profile FILE
  --base NAME     native | guest: where the other steps come from
                  (default: guest under a hypervisor, else native)
  --seconds N     time for all measurements, 1 to ${MAX_SECONDS} (default ${DEFAULT_SECONDS})
  --name NAME     name of the profile (default "calibrated")
  --json          print the profile instead of a table
  -h, --help      show this help

Ctrl-C ends the measurements; what there is by then is printed, the rest is the
base's.

Examples:
  umcg calibrate --out here.json && umcg bench pipe --profile here.json
  umcg calibrate --base native --seconds 30 --json
`;

/** Throws UsageError, TraceFileError, Interrupted. */
export async function calibrateCommand(args: readonly string[], io: CliIo): Promise<void> {
  const options = new Options("umcg calibrate", OPTIONS, args);
  if (options.has("help")) return io.stdout.write(CALIBRATE_HELP);
  const [extra] = options.positionals;
  if (extra !== undefined) throw options.usage(`takes no argument, got "${extra}"`);
  const seconds = options.integer("seconds", 1, MAX_SECONDS, DEFAULT_SECONDS);
  const given = options.oneOf("base", Object.keys(PROFILES) as ProfileName[]);
  const out = options.text("out");
  const session = new Session(io);
  let file: TraceFile | undefined;
  let machine: Probes | undefined;
  try {
    file = out === undefined ? undefined : new TraceFile(out);
    machine = io.openProbes();
    const base = PROFILES[given ?? (machine.hypervisor === true ? "guest" : "native")];
    const name = options.text("name") ?? "calibrated";
    const calibration = new Calibration({ machine, base, name, seconds, clock: () => io.clock() });
    await session.follow(calibration, "calibrating");
    const result = calibration.result();
    const text = `${JSON.stringify(result.profile, undefined, 2)}\n`;
    session.close();
    io.stdout.write(options.has("json") ? text : calibrationText(result, seconds));
    session.throwIfInterrupted();
    file?.write(text);
    file?.commit();
    if (file !== undefined) io.stderr.write(`profile in ${file.path}\n`);
  } finally {
    session.close();
    machine?.close();
    file?.discard();
  }
}

/** The result for people. */
function calibrationText({ profile }: CalibrationResult, seconds: number): string {
  const rows = STEP_NAMES.map((step) => {
    const source = profile.sources[step];
    const price = String(profile.steps[step]);
    if (!isMeasured(source)) return [step, price, "", "", source.from];
    return [step, price, String(source.p90), String(source.samples), `measured: ${source.probe}`];
  });
  const measured = Object.values(profile.sources).filter(isMeasured).length;
  const table = formatTable([["step", "ns", "p90", "samples", "from"], ...rows], [0, 4]);
  return `profile ${profile.name}: ${measured} of ${STEP_NAMES.length} steps measured in ${seconds} s, the others from ${profile.base}; a price is a median\n\n${table}`;
}
