/** Looking things up in a list that is sorted by time. */

/** Index of the first whose time is at least `limit`. */
export function firstAt<T>(list: readonly T[], limit: number, timeOf: (one: T) => number): number {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (timeOf(list[middle]!) < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Those with times in [from, to). */
export function between<T>(
  list: readonly T[],
  from: number,
  to: number,
  timeOf: (one: T) => number,
): readonly T[] {
  return list.slice(firstAt(list, from, timeOf), firstAt(list, to, timeOf));
}
