/** Logs for tests of reports. */
import { EventLog } from "../../src/report/model/event-log.ts";

/** The arguments of a sink. */
export type Event = readonly [
  time: number,
  kind: number,
  cpu: number,
  tid: number,
  arg0: number,
  arg1: number,
];

export function logOf(events: readonly Event[], limit: number = events.length): EventLog {
  const log = new EventLog(limit);
  for (const event of events) log.event(...event);
  return log;
}

/** The events of a log, as they were given. */
export function eventsOf(log: EventLog): Event[] {
  return Array.from({ length: log.length }, (_, i) => [
    log.times[i]!,
    log.kinds[i]!,
    log.cpus[i]!,
    log.tids[i]!,
    log.args0[i]!,
    log.args1[i]!,
  ]);
}
