/**
 * fast-check's settings for the property suites, and the line that replays a failure.
 *
 * | variable  | effect                                                                  |
 * | --------- | ----------------------------------------------------------------------- |
 * | `FC_RUNS` | cases for each property (default 60, or what a property asks for)              |
 * | `FC_SEED` | the seed of every property; without it and FC_RUNS one fixed seed, so that a run can be repeated |
 * | `FC_PATH` | start at this case or shrink; belongs to one property, so name it with `-t` |
 */
import fc from "fast-check";
import { expect } from "vitest";

function readInteger(name: string): number | undefined {
  const text = process.env[name];
  if (text === undefined || text === "") return undefined;
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new Error(`${name} must be an integer, not "${text}"`);
  return value;
}

/** The shell command that runs the failed property again, from the counterexample that was printed. */
function replayCommand(seed: number, path: string | null): string {
  const { currentTestName = "", testPath = "" } = expect.getState();
  // The seed that `test.prop` puts at the end of a name is the one of FC_SEED again.
  const pattern = currentTestName.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&").replaceAll("'", "'\\''");
  const file = testPath.slice(testPath.lastIndexOf("property-tests/"));
  const start = path === null ? "" : ` FC_PATH=${path}`;
  return `FC_SEED=${seed}${start} npm test -- --project property ${file} -t '^${pattern}$'`;
}

function report(details: fc.RunDetails<unknown>): void {
  if (!details.failed) return;
  const message = fc.defaultReportMessage(details) ?? "Property failed";
  const replay = replayCommand(details.seed, details.counterexamplePath);
  const cause = details.errorInstance;
  throw new Error(`${message}\n\nReplay with:\n  ${replay}\n`, cause === null ? undefined : { cause });
}

/** What finds a defect in a hundred cases finds it in these, nearly always, and the tests of a checkout are to end within three minutes. */
const DEFAULT_RUNS = 60;

const numRuns = readInteger("FC_RUNS");
// A campaign (FC_RUNS) draws a new seed each time; fast-check prints it.
const seed = readInteger("FC_SEED") ?? (numRuns === undefined ? 1 : undefined);
const path = process.env["FC_PATH"];

// `path` is absent from the type of the global settings, since it belongs to one property, but is honoured.
const settings: fc.GlobalParameters & { path?: string } = {
  verbose: fc.VerbosityLevel.Verbose,
  reporter: report,
  numRuns: numRuns ?? DEFAULT_RUNS,
  ...(seed === undefined ? {} : { seed }),
  ...(path === undefined || path === "" ? {} : { path }),
};
fc.configureGlobal(settings);
