/** Which measurement of one file belongs to which of the other, and in what their configurations differ. */
import type { Pair } from "./compare.ts";
import type { Measurement } from "./measurements.ts";

/** The two files measure on different clocks. */
export class ClockMismatch extends Error {
  constructor(name: string, a: string, b: string) {
    super(`${name} was measured on the ${a} host in A and on the ${b} host in B: ${CLOCKS}`);
    this.name = "ClockMismatch";
  }
}
const CLOCKS = "virtual and real time cannot be compared";

export interface Pairing {
  readonly pairs: readonly Pair[];
  /** What only one of the files has. */
  readonly onlyA: readonly string[];
  readonly onlyB: readonly string[];
  /** "pipe: wake any, there current-cpu". */
  readonly differences: readonly string[];
}

/**
 * By name; of several measurements of one name, in their order. So runs that are meant to differ in one option can be
 * compared, and a matrix with a matrix. Never across hosts: throws ClockMismatch.
 */
export function pairUp(a: readonly Measurement[], b: readonly Measurement[]): Pairing {
  const taken = new Set<Measurement>();
  const pairs: Pair[] = [];
  const onlyA: string[] = [];
  const differences: string[] = [];
  const label = labels(a);
  for (const one of a) {
    const same = b.filter((candidate) => candidate.name === one.name && !taken.has(candidate));
    const other = same.find((candidate) => hostOf(candidate) === hostOf(one));
    if (other === undefined && same.length > 0)
      throw new ClockMismatch(one.name, hostOf(one), hostOf(same[0]!));
    if (other === undefined) {
      onlyA.push(label(one));
      continue;
    }
    taken.add(other);
    pairs.push(...pairsOf(label(one), one, other));
    differences.push(...differencesOf(label(one), one, other));
  }
  const onlyB = b.filter((one) => !taken.has(one)).map(labels(b));
  return { pairs, onlyA, onlyB, differences };
}

/** Files from before there were two are the virtual host's. */
function hostOf({ configuration }: Measurement): string {
  return String(configuration["host"] ?? "virtual");
}

function pairsOf(label: string, one: Measurement, other: Measurement): Pair[] {
  const exact = one.exact && other.exact;
  return one.series.flatMap((a) => {
    const b = other.series.find(({ name, unit }) => name === a.name && unit === a.unit);
    return b === undefined ? [] : [{ name: a.name === "" ? label : `${label} ${a.name}`, a, b, exact }];
  });
}

function differencesOf(label: string, one: Measurement, other: Measurement): string[] {
  return Object.entries(one.configuration).flatMap(([key, value]) => {
    const there = other.configuration[key];
    return there === undefined || there === value ? [] : [`${label}: ${key} ${value}, there ${there}`];
  });
}

/** The name, and as much of the configuration as tells measurements of that name apart. */
function labels(all: readonly Measurement[]): (one: Measurement) => string {
  return (one) => {
    const same = all.filter(({ name }) => name === one.name);
    const told = ["policy", "profile", "wake", "vcpus"].filter(
      (key) => new Set(same.map(({ configuration }) => configuration[key])).size > 1,
    );
    return [one.name, ...told.map((key) => String(one.configuration[key]))].join(" ");
  };
}
