/**
 * Queueing theory, as far as the oracles need it. One unit of time is the mean service, unless a law says otherwise; r is
 * the load of a CPU. Sources: Kleinrock, "Queueing Systems" I and II; Gross and Harris, "Fundamentals of Queueing Theory";
 * Schrage and Miller, "The queue M/G/1 with the shortest remaining processing time discipline" (1966); Crommelin (1932).
 */

/** Probability that an arrival waits in M/M/c (Erlang's C). */
export function erlangC(c: number, r: number): number {
  const a = c * r;
  // Erlang's B by its recursion: exact and without factorials.
  let b = 1;
  for (let k = 1; k <= c; k++) b = (a * b) / (k + a * b);
  return b / (1 - r * (1 - b));
}

/** Mean sojourn in M/M/c, FCFS or processor sharing. */
export function mmcMeanSojourn(c: number, r: number): number {
  return 1 + erlangC(c, r) / (c * (1 - r));
}

/** P(T > t) in M/M/c under FCFS. */
function mmcSojournTail(c: number, r: number, t: number): number {
  const wait = erlangC(c, r);
  const drain = c * (1 - r);
  if (Math.abs(drain - 1) < 1e-12) return Math.exp(-t) * (1 + wait * t);
  return (1 - wait) * Math.exp(-t) + (wait * (drain * Math.exp(-t) - Math.exp(-drain * t))) / (drain - 1);
}

export function mmcSojournQuantile(c: number, r: number, p: number): number {
  return bisect((t) => mmcSojournTail(c, r, t) - (1 - p), 0, 1000);
}

/** Pollaczek and Khinchine: mean wait in M/G/1 under FCFS, for arrivals at `lambda` and moments of the service. */
export function mg1MeanWait(lambda: number, mean: number, secondMoment: number): number {
  return (lambda * secondMoment) / (2 * (1 - lambda * mean));
}

/**
 * P(W <= t) in M/D/1 with service 1 (Crommelin): (1 - r) sum over k from 0 to t of (-r (t - k))^k / k! e^(r (t - k)). The
 * terms alternate and grow, so that it is exact to 1e-6 only for t up to 12 or so.
 */
function md1WaitDistribution(r: number, t: number): number {
  let sum = 0;
  for (let k = 0; k <= Math.floor(t); k++) {
    const x = r * (t - k);
    let term = Math.exp(x);
    for (let j = 1; j <= k; j++) term *= -x / j;
    sum += term;
  }
  return (1 - r) * sum;
}

export function md1WaitQuantile(r: number, p: number): number {
  return bisect((t) => p - md1WaitDistribution(r, t), 0, 15);
}

/**
 * Mean sojourn in M/M/1 under SRPT. For a request of x: it waits for a busy period of those not longer, begun by one that
 * it finds, and then each bit of it takes as long as it lasts with those shorter than the bit that is left:
 * E[T(x)] = lambda (int_0^x t^2 f + x^2 (1 - F(x))) / (2 (1 - rho(x))^2) + int_0^x dt / (1 - rho(t)).
 */
export function mm1SrptMeanSojourn(r: number): number {
  const steps = 200_000;
  const dx = 40 / steps;
  let [residence, total] = [0, 0];
  for (let i = 0; i < steps; i++) {
    const x = (i + 0.5) * dx;
    const tail = Math.exp(-x);
    // Of the exponential: int_0^x t f = 1 - (1 + x) e^-x, int_0^x t^2 f = 2 - (2 + 2x + x^2) e^-x.
    const left = 1 - r * (1 - (1 + x) * tail);
    residence += dx / left;
    const moment = 2 - (2 + 2 * x + x * x) * tail + x * x * tail;
    total += ((r * moment) / (2 * left * left) + residence - dx / left / 2) * tail * dx;
  }
  return total;
}

/** Where a falling function crosses 0. */
function bisect(f: (x: number) => number, from: number, to: number): number {
  let [low, high] = [from, to];
  for (let step = 0; step < 100; step++) {
    const middle = (low + high) / 2;
    if (f(middle) > 0) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
