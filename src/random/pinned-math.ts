/**
 * Functions whose every bit is pinned down: only additions, multiplications, divisions and square roots, which IEEE 754
 * rounds in one way. The last bits of Math.log, Math.exp and Math.cos are left open by the standard of the language.
 */
import type { Sfc32 } from "./sfc32.ts";

/** e^x, by its series after halving x into [-2, 2]; relative error below 4e-14 for |x| up to 50. */
export function exp(x: number): number {
  if (x > 2 || x < -2) {
    const root = exp(x / 2);
    return root * root;
  }
  let term = 1;
  let sum = 1;
  for (let n = 1; n <= 24; n++) {
    term = (term * x) / n;
    sum += term;
  }
  return sum;
}

/** Natural logarithm of a positive normal number: 2 artanh((m - 1) / (m + 1)) + e ln 2, with m from sqrt(1/2) to sqrt(2). */
export function ln(x: number): number {
  let m = x;
  let halvings = 0;
  // Bounded by the exponent, at most 1074.
  while (m < Math.SQRT1_2) {
    m *= 2;
    halvings++;
  }
  while (m > Math.SQRT2) {
    m /= 2;
    halvings--;
  }
  const t = (m - 1) / (m + 1);
  const square = t * t;
  let power = t;
  let sum = t;
  for (let n = 3; n <= 23; n += 2) {
    power *= square;
    sum += power / n;
  }
  return 2 * sum - halvings * Math.LN2;
}

/** A standard normal deviate, by Marsaglia's polar method. */
export function normal(stream: Sfc32): number {
  // Each turn ends it with probability pi/4; 1000 turns in a row do not happen to a working generator.
  for (let turn = 0; turn < 1000; turn++) {
    const u = 2 * stream.next() - 1;
    const v = 2 * stream.next() - 1;
    const s = u * u + v * v;
    if (s > 0 && s < 1) return u * Math.sqrt((-2 * ln(s)) / s);
  }
  throw new Error("the generator gives no point inside the unit circle");
}
