/**
 * A study: a benchmark with options and a report of its own, `umcg bench NAME [options]`. The others (registry.ts) go
 * through rounds and share their options and their table.
 */
import type { CliIo } from "./io.ts";
import { Options, type OptionTypes } from "./options.ts";
import { RUN_OPTIONS } from "./run-plan.ts";
import { Session } from "./session.ts";
import { cyclictest } from "./studies/cyclictest.ts";
import { futexWake } from "./studies/futex-wake.ts";
import { hackbench, messaging } from "./studies/messaging.ts";
import { openloop } from "./studies/openloop.ts";
import { policies } from "./studies/policies.ts";
import { rtapp } from "./studies/rtapp.ts";
import { schbench } from "./studies/schbench.ts";
import { seccompNotifyStudy } from "./studies/seccomp-notify.ts";
import { switchStudy } from "./studies/switch.ts";
import { umcgFanout } from "./studies/umcg-fanout.ts";
import { AGAINST_OPTION, type Side, StudyPair } from "./study-pair.ts";
import { MAX_EVENTS, REPORT_OPTION } from "./study-report.ts";
import { HOSTS } from "./threads-plan.ts";

export interface Study {
  readonly name: string;
  /** One line. */
  readonly summary: string;
  readonly help: string;
  /** Beside those of every run (run-plan.ts). */
  readonly options: OptionTypes;
  /** It takes arguments that are no options. Default: none. */
  readonly takesArguments?: true;
  /** Why it has no --against. Default: it has one. */
  readonly noAgainst?: string;
  /** `side`: of a report of two runs. Returns what is to be printed. When the session is interrupted: what there is by then. Throws UsageError. */
  run(options: Options, session: Session, side?: Side): Promise<string>;
}

const HOST_OPTION: OptionTypes = { host: { type: "string" } };
/** See docs/workloads.md, "On real threads". */
const ONLY_VIRTUAL =
  "its tasks share JavaScript objects, of which each vCPU has its own there; it runs on the virtual host";

export const STUDIES: readonly Study[] = [
  messaging,
  hackbench,
  futexWake,
  cyclictest,
  schbench,
  rtapp,
  seccompNotifyStudy,
  switchStudy,
  umcgFanout,
  openloop,
  policies,
];

/** The study that is named first among the arguments, and the arguments without its name. */
export function findStudy(
  args: readonly string[],
): { readonly study: Study; readonly rest: readonly string[] } | undefined {
  for (const [at, arg] of args.entries()) {
    const study = STUDIES.find(({ name }) => name === arg);
    if (study !== undefined) return { study, rest: args.toSpliced(at, 1) };
  }
  return undefined;
}

/** Throws UsageError, MachineError, Interrupted. */
export async function studyCommand(study: Study, args: readonly string[], io: CliIo): Promise<void> {
  const types = { ...HOST_OPTION, ...REPORT_OPTION, ...AGAINST_OPTION, ...RUN_OPTIONS, ...study.options };
  const optionsOf = (given: readonly string[]): Options =>
    new Options(`umcg bench ${study.name}`, types, given);
  const options = optionsOf(args);
  if (options.has("help")) {
    io.stdout.write(study.help);
    return;
  }
  if (options.oneOf("host", HOSTS) === "threads")
    throw options.usage(`--host threads does not go with ${study.name}: ${ONLY_VIRTUAL}`);
  if (study.noAgainst !== undefined && options.has("against"))
    throw options.usage(`--against does not go with ${study.name}: ${study.noAgainst}`);
  const [extra] = options.positionals;
  if (extra !== undefined && study.takesArguments !== true)
    throw options.usage(`one workload at a time: "${extra}" is too many`);
  const pair = StudyPair.wanted(study.name, options, MAX_EVENTS);
  const session = new Session(io);
  try {
    const other = pair && optionsOf(pair.argsOf(args));
    const text = await study.run(options, session, pair?.side);
    if (other !== undefined && !session.interrupted) {
      await study.run(other, session, pair!.side);
      if (!session.interrupted) await pair!.save(session);
    }
    session.close();
    io.stdout.write(text);
    session.throwIfInterrupted();
  } finally {
    pair?.discard();
    session.close();
  }
}
