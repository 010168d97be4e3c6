/** Times as people read them, and where the ticks of an axis of time go. */

interface Unit {
  readonly ns: number;
  readonly name: string;
}

const UNITS: readonly Unit[] = [
  { ns: 1e9, name: "s" },
  { ns: 1e6, name: "ms" },
  { ns: 1e3, name: "µs" },
  { ns: 1, name: "ns" },
];

/** "1.25 µs": `digits` significant digits, fewer where the rest are noughts. */
export function shortTime(ns: number, digits = 3): string {
  if (ns === 0) return "0 ns";
  const size = Math.abs(ns);
  const unit = UNITS.find((candidate) => size >= candidate.ns) ?? UNITS[UNITS.length - 1]!;
  const value = ns / unit.ns;
  const rounded = Number(value.toPrecision(digits));
  // 999.9 ns are 1 µs, when rounded.
  if (Math.abs(rounded) >= 1000 && unit.ns < 1e9) return shortTime(rounded * unit.ns, digits);
  return `${rounded} ${unit.name}`;
}

/** To the nanosecond: "1.250 µs". */
export function exactTime(ns: number): string {
  const size = Math.abs(ns);
  const unit = UNITS.find((candidate) => size >= candidate.ns) ?? UNITS[UNITS.length - 1]!;
  const digits = Math.round(Math.log10(unit.ns));
  return `${(ns / unit.ns).toFixed(digits)} ${unit.name}`;
}

export interface Tick {
  readonly ns: number;
  readonly label: string;
}

/** Round times in [start, end], about `count` of them, labelled in one unit and relative to `origin`. */
export function timeTicks(start: number, end: number, count: number, origin = 0): Tick[] {
  const step = roundStep((end - start) / Math.max(1, count));
  const far = Math.max(Math.abs(start - origin), Math.abs(end - origin));
  const unit = UNITS.find(({ ns }) => far >= ns && step >= ns / 1000) ?? UNITS[UNITS.length - 1]!;
  const digits = Math.max(0, Math.ceil(Math.log10(unit.ns / step) - 1e-9));
  const ticks: Tick[] = [];
  const first = Math.ceil((start - origin) / step);
  const last = Math.floor((end - origin) / step);
  for (let i = first; i <= last; i++) {
    const value = (i * step) / unit.ns;
    const text = digits > 3 ? value.toPrecision(6) : value.toFixed(digits);
    ticks.push({ ns: origin + i * step, label: `${text === "-0" ? "0" : text} ${unit.name}` });
  }
  return ticks;
}

/** 1, 2 or 5 times a power of ten, at least `atLeast`, and at least a nanosecond. */
function roundStep(atLeast: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, atLeast)));
  const factor = [1, 2, 5, 10].find((candidate) => candidate * power >= atLeast) ?? 10;
  return Math.max(1, factor * power);
}

/** "12 345", with narrow spaces that do not break. */
export function grouped(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, "\u202f");
}
