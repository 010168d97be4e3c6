/**
 * Follows a recorded run on the explore host: finds a schedule under which every task does what it did there, in the same order.
 *
 * The recorded order says which CPU is next to do something that is recorded; it takes steps until it has. What lies between two
 * recorded deeds of a task, its accesses to user memory, was not recorded: it happens as late as possible. For a program that is
 * free of races outside the kernel that is as good as any other way. In one that is not, a task may come to do something else
 * than was recorded. Then each of the last steps is delayed in turn until another CPU has done something; a delay
 * that leads further is kept. So races of a few steps are found again; no claim is made for more. Rejected: recording each
 * access of user mode (it costs more than the access, and orders what the program did not).
 */
import { formatSchedule } from "../../interleaving/schedule.ts";
import type { Violation } from "../../interleaving/system.ts";
import type { KernelSystem } from "../kernel/kernel-system.ts";
import { Attempt, type Delays, type Outcome, UNTIL_A_DEED } from "./attempt.ts";
import type { RecordedProgram } from "./recorded-program.ts";
import type { Recording } from "./recording.ts";

/** How far a recording was followed. */
export interface Followed {
  /** For `replay()`, of the same program. */
  readonly schedule: string;
  /** How many of the recorded deeds were done again, of how many that are followed. */
  readonly done: number;
  readonly of: number;
  /** Where the two part, in words; undefined: nowhere. */
  readonly parted: string | undefined;
  /** What went wrong in the program on the way. */
  readonly violation: Violation | undefined;
  readonly executions: number;
}

/** How much may be spent on following a recording. */
export interface FollowOptions {
  /** Executions that may be spent. Default 10 000. */
  readonly maxExecutions?: number;
}

/** How far behind the parting a delay may lie, steps. */
const WINDOW = 300;

/** How long it may be, steps. */
const DELAYS = [UNTIL_A_DEED, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144] as const;

/** Throws ERR_CONFIG of a machine that cannot be made. */
export function follow(
  program: RecordedProgram,
  recording: Recording,
  { maxExecutions = 10_000 }: FollowOptions = {},
): Followed {
  const system = program.makeSystem();
  let delays: Delays = new Map();
  let best = attempt(system, recording, delays);
  let executions = 1;
  search: for (let back = 1; best.parted !== undefined && back < WINDOW; back++) {
    const step = best.schedule.length - back;
    if (step < 0) break;
    for (const delay of DELAYS) {
      if (executions === maxExecutions) break search;
      executions++;
      const changed = new Map([...delays, [step, delay]]);
      const other = attempt(system, recording, changed);
      if (other.done <= best.done) continue;
      [best, delays, back] = [other, changed, 0];
      break;
    }
  }
  const { done, parted, violation } = best;
  return {
    schedule: formatSchedule(best.schedule),
    done,
    of: recording.deeds.length,
    parted,
    violation,
    executions,
  };
}

function attempt(system: KernelSystem, recording: Recording, delays: Delays): Outcome {
  const { trace } = system.machine;
  system.reset();
  const one = new Attempt(system, recording, delays);
  const remove = trace.addSink({
    event: (_timeNs, kind, cpu, tid, arg0, arg1) => one.event({ kind, cpu, tid, arg0, arg1 }),
  });
  try {
    return one.run();
  } finally {
    remove();
  }
}
