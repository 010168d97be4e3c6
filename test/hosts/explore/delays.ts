/**
 * Search by delays: every execution that differs from the plain one at no more than so many steps.
 *
 * The plain scheduler goes on with whoever took the last step while it can, and then with the next in turn. Each other choice
 * is a delay. Searching with no delay, then one, then two finds first what needs fewest: an execution found with d delays is
 * minimal, because everything with fewer has been looked at. (Emmi, Qadeer and Rakamaric, POPL 2011.)
 */
import type { ExploredMachine } from "../../../src/machine/explored-machine.ts";
import { drive, type Outcome, type Setup } from "./drive.ts";

/** Steps of one actor in a row after which the plain scheduler goes on to the next: a task may wait by looking. */
const TURN = 60;

export interface Found {
  readonly outcome: Outcome;
  readonly delays: number;
}

export interface Searched {
  readonly found: Found | undefined;
  readonly executions: number;
  /** Everything with at most this many delays has been executed; -1: nothing. */
  readonly complete: number;
}

/** The plain scheduler's choice. */
function plain(enabled: Int32Array, last: number, run: number): number {
  if (last >= 0 && run < TURN && enabled.includes(last)) return last;
  const next = enabled.find((actor) => actor > last);
  return next ?? enabled[0]!;
}

interface Point {
  readonly at: number;
  readonly choices: readonly number[];
}

/** Executes `prefix` and then the plain schedule. What could have been chosen instead goes to `points`. */
function execute(
  machine: ExploredMachine,
  setup: Setup,
  prefix: readonly number[],
  points: Point[],
  maxSteps: number,
): Outcome | undefined {
  let last = -1;
  let run = 0;
  let tooLong = false;
  const outcome = drive(machine, setup, (enabled, at) => {
    if (at >= maxSteps) tooLong = true;
    if (tooLong) throw new Error("too long");
    const chosen = at < prefix.length ? prefix[at]! : plain(enabled, last, run);
    if (at >= prefix.length && enabled.length > 1)
      points.push({ at, choices: Array.from(enabled).filter((actor) => actor !== chosen) });
    run = chosen === last ? run + 1 : 0;
    last = chosen;
    return chosen;
  });
  return tooLong ? undefined : outcome;
}

export function searchByDelays(
  machine: ExploredMachine,
  setup: Setup,
  options: { readonly delays: number; readonly executions: number; readonly maxSteps?: number },
): Searched {
  const { maxSteps = 1500 } = options;
  let executions = 0;
  // Prefixes to be executed with the delays they contain, breadth first.
  let level: Int32Array[] = [new Int32Array(0)];
  for (let delays = 0; delays <= options.delays; delays++) {
    const next: Int32Array[] = [];
    let best: Outcome | undefined;
    for (const prefix of level) {
      if (executions === options.executions) {
        const found = best === undefined ? undefined : { outcome: best, delays };
        return { found, executions, complete: delays - 1 };
      }
      executions++;
      const points: Point[] = [];
      const outcome = execute(machine, setup, prefix as unknown as number[], points, maxSteps);
      if (outcome?.failure !== undefined) {
        if (best === undefined || outcome.schedule.length < best.schedule.length) best = outcome;
        continue;
      }
      if (outcome === undefined || delays === options.delays) continue;
      for (const { at, choices } of points)
        for (const choice of choices) {
          const longer = new Int32Array(at + 1);
          for (let i = 0; i < at; i++) longer[i] = outcome.schedule[i]!;
          longer[at] = choice;
          next.push(longer);
        }
    }
    if (best !== undefined) return { found: { outcome: best, delays }, executions, complete: delays };
    level = next;
  }
  return { found: undefined, executions, complete: options.delays };
}
