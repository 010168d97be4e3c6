/** Repetitions that take turns, and their median: the only statistics a noisy machine leaves honest. */

export interface Case {
  readonly name: string;
  /** One repetition: the value it measured. */
  readonly run: () => number;
  /** Name of the case that this one is compared with. */
  readonly baseline?: string;
}

/** Runs every case `repetitions` times in turn, after one turn to warm up. Samples by name. */
export function interleave(cases: readonly Case[], repetitions: number): ReadonlyMap<string, number[]> {
  const samples = new Map<string, number[]>(cases.map(({ name }) => [name, []]));
  for (let turn = -1; turn < repetitions; turn++) {
    for (const { name, run } of cases) {
      const value = run();
      if (turn >= 0) samples.get(name)!.push(value);
    }
  }
  return samples;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
