/**
 * Quantiles of the normal and of Student's distribution, found from their distribution functions by bisection.
 *
 * The t distribution with n degrees of freedom is an incomplete beta function: P(|T| > t) = I(n / (n + t^2); n/2, 1/2),
 * computed by its continued fraction (Abramowitz and Stegun 26.5.8, 26.7.1). The normal is its limit; beyond 2^20 degrees
 * it is taken for it, where they differ by less than a millionth.
 */
const MANY = 2 ** 20;

/** z with P(Z <= z) = p for a standard normal Z; p between 0 and 1. */
export function normalQuantile(p: number): number {
  return studentQuantile(p, MANY);
}

/** t with P(T <= t) = p for Student's T with `degrees` of freedom; p between 0 and 1. */
export function studentQuantile(p: number, degrees: number): number {
  if (!(p > 0 && p < 1 && degrees >= 1)) throw new RangeError(`no t quantile for p=${p}, ${degrees} degrees`);
  if (p < 0.5) return -studentQuantile(1 - p, degrees);
  let [low, high] = [0, 2];
  // Doubling ends: for p < 1 - 2^-53 and one degree, the heaviest tail, t is below 2^53.
  while (upperTail(high, degrees) > 1 - p) high *= 2;
  for (let step = 0; step < 100; step++) {
    const middle = (low + high) / 2;
    if (upperTail(middle, degrees) > 1 - p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** P(Z > z) of a standard normal Z, z >= 0. */
export function normalTail(z: number): number {
  return upperTail(z, MANY);
}

/** P(T > t), t >= 0. */
function upperTail(t: number, degrees: number): number {
  const n = Math.min(degrees, MANY);
  return incompleteBeta(n / (n + t * t), n / 2, 0.5) / 2;
}

/** I(x; a, b). */
function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x));
  // The fraction converges fast on this side only.
  if (x > (a + 1) / (a + b + 2)) return 1 - (front * betaFraction(1 - x, b, a)) / b;
  return (front * betaFraction(x, a, b)) / a;
}

/** The continued fraction of the incomplete beta function, from the front (Lentz). */
function betaFraction(x: number, a: number, b: number): number {
  let c = 1;
  let d = 1 / (1 - ((a + b) * x) / (a + 1));
  let value = d;
  for (let m = 1; m <= 10_000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / (1 + even * d);
    c = 1 + even / c;
    value *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / (1 + odd * d);
    c = 1 + odd / c;
    value *= d * c;
    if (Math.abs(d * c - 1) < 1e-15) break;
  }
  return value;
}

/** ln of the gamma function for x > 0: Stirling's series behind a shift past 10. */
export function logGamma(x: number): number {
  let shift = 0;
  let at = x;
  while (at < 10) shift += Math.log(at++);
  const inverse = 1 / (at * at);
  const series = (1 / 12 - inverse * (1 / 360 - inverse * (1 / 1260 - inverse / 1680))) / at;
  return (at - 0.5) * Math.log(at) - at + Math.log(2 * Math.PI) / 2 + series - shift;
}
