/**
 * How many threads a system has room for. Bounded, because who knows what of whom is a table of threads by threads, and a search
 * makes its way anew for each race: one execution of 5 000 philosophers took minutes in which no limit was looked at.
 */
import { BareError } from "./bare-error.ts";

const MAX_THREADS = 1_024;
/** For those that are spawned, if the program does not say. */
const SPARE = 16;

/** Throws BareError. */
export function roomFor(started: number, wanted: number | undefined): number {
  const room = wanted ?? Math.min(started + SPARE, Math.max(started, MAX_THREADS));
  if (started === 0) throw new BareError("ERR_PROGRAM", "the program has no thread");
  if (room > MAX_THREADS) throw new BareError("ERR_PROGRAM", `${room} threads; ${MAX_THREADS} are the most`);
  if (started > room) throw new BareError("ERR_PROGRAM", `${started} threads, maxThreads is ${room}`);
  return room;
}
