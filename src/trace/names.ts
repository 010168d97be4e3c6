/**
 * Words for the numbers in events, supplied from above.
 *
 * The trace knows no system call, no wake flag and no UMCG state: their numbers belong to rooms that
 * import this one. Whoever knows them (the composition root) passes functions; without one the number
 * itself is printed.
 *
 * Rejected: tables of those names here (a second copy that can disagree with the first, and some of them
 * differ between kernel versions: bit 0x40 of the wake flags has meant two things).
 */

/** Functions from a number to the word for it. All are optional. */
export interface TraceNames {
  readonly taskName?: (tid: number) => string;
  readonly waitReason?: (reason: number) => string;
  readonly idleState?: (index: number) => string;
  readonly syscallName?: (nr: number) => string;
  readonly signalName?: (signo: number) => string;
  readonly ipiKind?: (kind: number) => string;
  readonly cpuState?: (state: number) => string;
  readonly dieReason?: (reason: number) => string;
  readonly wakeFlags?: (flags: number) => string;
  readonly umcgWord?: (word: number) => string;
}

/** 32 bits as unsigned hexadecimal. */
export function hex32(value: number): string {
  return `0x${(value >>> 0).toString(16)}`;
}

/** The word for `value`, or the number where `names` has no function for it (bit sets in hexadecimal). */
export function nameOf(names: TraceNames, by: keyof TraceNames, value: number): string {
  const name = names[by];
  if (name !== undefined) return name(value);
  return by === "wakeFlags" || by === "umcgWord" ? hex32(value) : String(value);
}
