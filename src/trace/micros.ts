/**
 * Nanoseconds as decimal microseconds, the unit of trace files and dumps.
 *
 * Digits are taken from the integer: `(ns / 1000).toFixed(3)` loses the nanoseconds above 2^52 (52 days).
 */

/** `1250` gives `"1.250"`. A fraction of a nanosecond is rounded; what is no finite number stays as it is. */
export function micros(ns: number): string {
  if (!Number.isFinite(ns)) return String(ns);
  const rounded = Math.round(Math.abs(ns));
  const whole = Math.floor(rounded / 1000);
  const rest = String(rounded - whole * 1000).padStart(3, "0");
  return `${ns < 0 ? "-" : ""}${whole}.${rest}`;
}
