/**
 * The schedule: what was chosen at each step, the one value that every strategy makes and that replay, shrinking and
 * files take.
 *
 * A choice is `actor + 65536 * alternative`. As text, runs of one choice are joined: `0*3 2 1.1` is actor 0 three times,
 * actor 2, and actor 1 with its alternative 1. Ids of actors are stable, so a schedule does not depend on what
 * else could have been chosen.
 */
export type Choice = number;
/** An execution as the choices that led to it. */
export type Schedule = readonly Choice[];

const ACTORS = 65536;

/** A choice: who goes on, and with which of its alternatives. */
export function choice(actor: number, alternative = 0): Choice {
  return actor + ACTORS * alternative;
}

/** Who goes on. */
export function actorOf(made: Choice): number {
  return made % ACTORS;
}

/** With which alternative. */
export function alternativeOf(made: Choice): number {
  return Math.floor(made / ACTORS);
}

/** "0*3 1 2.1": actor 0 three times, 1 once, 2 in its second way. */
export function formatSchedule(schedule: Schedule): string {
  const parts: string[] = [];
  for (let i = 0; i < schedule.length; ) {
    let end = i + 1;
    while (end < schedule.length && schedule[end] === schedule[i]) end++;
    const alternative = alternativeOf(schedule[i]!);
    const one = `${actorOf(schedule[i]!)}${alternative === 0 ? "" : `.${alternative}`}`;
    parts.push(end - i === 1 ? one : `${one}*${end - i}`);
    i = end;
  }
  return parts.join(" ");
}

/** Longest run that a text may ask for. */
const MAX_RUN = 1 << 24;

/** Thrown by `parseSchedule`. */
export class ScheduleSyntaxError extends Error {
  readonly code = "ERR_SCHEDULE";
  constructor(part: string) {
    super(`"${part}" is no part of a schedule: expected actor, actor.alternative or either with *times`);
    this.name = "ScheduleSyntaxError";
  }
}

/** The schedule that `formatSchedule` has written. Throws ScheduleSyntaxError. */
export function parseSchedule(text: string): Choice[] {
  const schedule: Choice[] = [];
  for (const part of text.split(/\s+/).filter((word) => word !== "")) {
    const match = /^(\d{1,5})(?:\.(\d{1,6}))?(?:\*(\d{1,8}))?$/.exec(part);
    const times = Number(match?.[3] ?? 1);
    if (match === null || Number(match[1]) >= ACTORS || times > MAX_RUN) throw new ScheduleSyntaxError(part);
    const made = choice(Number(match[1]), Number(match[2] ?? 0));
    for (let i = 0; i < times; i++) schedule.push(made);
  }
  return schedule;
}

/** Switches away from an actor that could have gone on: `couldGoOn(i)` says whether the actor of step i - 1 could make step i. */
export function preemptions(schedule: Schedule, couldGoOn: (step: number) => boolean): number {
  let count = 0;
  for (let i = 1; i < schedule.length; i++) {
    if (actorOf(schedule[i]!) !== actorOf(schedule[i - 1]!) && couldGoOn(i)) count++;
  }
  return count;
}
