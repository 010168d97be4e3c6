/**
 * Arguments of a system call as the kernel gets them: in registers, which hold numbers. Programs are JavaScript and may pass
 * anything; what is no number is NaN from here on, which no call takes for a descriptor, an address, a count or a time.
 * Otherwise an object or a bigint would throw in the middle of a call that has already begun to change something.
 */

export function word<T extends number>(value: T): T {
  return typeof value === "number" ? value : (Number.NaN as T);
}

/** A list of numbers; what is no list is empty. */
export function words(list: readonly number[]): readonly number[] {
  return Array.isArray(list) ? Array.from(list, word) : [];
}

/** The fields of a record; what is no record has none. */
export function fields<T extends object>(record: T): T {
  return typeof record === "object" && record !== null ? record : ({} as T);
}
