/** The word that was meant: the nearest by letters inserted, left out, exchanged or swapped with their neighbour. */

/** Undefined when none is near: a third of the letters wrong at most; dashes in front are no letters. */
export function closest(word: string, candidates: readonly string[]): string | undefined {
  const most = Math.max(1, Math.floor(word.replace(/^-+/, "").length / 3));
  let [best, distance]: [string | undefined, number] = [undefined, most + 1];
  for (const candidate of candidates) {
    const wrong = editDistance(word, candidate);
    if (wrong < distance) [best, distance] = [candidate, wrong];
  }
  return best;
}

function editDistance(a: string, b: string): number {
  let [before, last]: [number[], number[]] = [[], Array.from({ length: b.length + 1 }, (_, at) => at)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let least = Math.min(row[j - 1]! + 1, last[j]! + 1, last[j - 1]! + (same ? 0 : 1));
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) least = Math.min(least, before[j - 2]! + 1);
      row.push(least);
    }
    [before, last] = [last, row];
  }
  return last[b.length]!;
}
