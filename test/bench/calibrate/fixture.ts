/** A machine of which a test says what every probe finds. */
import type { Probe, Probes } from "../../../src/bench/calibrate/probes.ts";
import type { Readings, SeriesName } from "../../../src/bench/calibrate/readings.ts";

export interface FakeProbes extends Probes {
  /** Names of the probes in the order in which they were asked. */
  readonly asked: string[];
  readonly closed: () => boolean;
}

/** One probe for each series; each gives its value, and every tenth time twice of it. */
export function fakeProbes(
  series: Partial<Record<SeriesName, number>>,
  machine: Partial<Probes> = {},
): FakeProbes {
  const asked: string[] = [];
  let closed = false;
  const probes = Object.entries(series).map(([name, ns]): Probe => {
    let taken = 0;
    const take = (readings: Readings): void => {
      asked.push(name);
      readings.add(name as SeriesName, ++taken % 10 === 0 ? 2 * ns : ns);
    };
    return { name, take };
  });
  const close = (): void => {
    closed = true;
  };
  return { probes, hypervisor: true, timerSlackNs: 50_000, close, ...machine, asked, closed: () => closed };
}

/** What the probes find on a machine with just the prices of the guest profile, with these overheads of the engine. */
export const GUEST_SERIES: Readonly<Record<SeriesName, number>> = {
  nativeCall: 30,
  systemCall: 30 + 120,
  clock: 50,
  notifyNobody: 40,
  // clock, engine, call + wake + line + send
  notify: 50 + 40 + 120 + 400 + 55 + 6000,
  // Twice: half the clock less than that, then deliver + loop exit + switch + call exit.
  roundTrip: 2 * (25 + 40 + 120 + 400 + 55 + 6000 + 5000 + 600 + 700 + 60),
  lineAlone: 20,
  lineHop: 75,
  oversleep: 50_000 + 16_000 + 600 + 700 + 60,
  pageFault: 1200,
};
