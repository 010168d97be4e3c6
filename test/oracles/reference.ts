/**
 * The same queues without a machine: given when requests come and what they need, when each leaves. A few lines each, so
 * that they can be believed; the machine has to agree with them request by request.
 */

/** First come, first served by `c` CPUs (Kiefer and Wolfowitz): whoever is next takes the CPU that is free first. */
export function fcfs(arrivals: Float64Array, services: Float64Array, c: number): Float64Array {
  const free = new Float64Array(c);
  return arrivals.map((at, request) => {
    let cpu = 0;
    for (let other = 1; other < c; other++) if (free[other]! < free[cpu]!) cpu = other;
    free[cpu] = Math.max(at, free[cpu]!) + services[request]!;
    return free[cpu]!;
  });
}

/** Who is served how fast, of those inside: their shares of a CPU, in order of arrival. */
type Sharing = (remaining: readonly number[]) => readonly number[];

/** Processor sharing by `c` CPUs: all alike, but nobody faster than one CPU. */
export function processorSharing(c: number): Sharing {
  return (remaining) => remaining.map(() => Math.min(1, c / remaining.length));
}

/** Shortest remaining processing time by `c` CPUs; among equals who came first. */
export function srpt(c: number): Sharing {
  return (remaining) => {
    const order = remaining.map((_, at) => at).sort((a, b) => remaining[a]! - remaining[b]! || a - b);
    const share = new Array<number>(remaining.length).fill(0);
    for (const at of order.slice(0, c)) share[at] = 1;
    return share;
  };
}

/** From event to event: the next to come or the next to be through. */
export function serve(arrivals: Float64Array, services: Float64Array, sharing: Sharing): Float64Array {
  const left = new Float64Array(arrivals.length);
  let inside: { readonly request: number; need: number }[] = [];
  let now = 0;
  for (let next = 0; next < arrivals.length || inside.length > 0; ) {
    const shares = sharing(inside.map(({ need }) => need));
    const nextAt = arrivals[next] ?? Number.POSITIVE_INFINITY;
    let end = nextAt;
    for (const [at, { need }] of inside.entries())
      if (shares[at]! > 0) end = Math.min(end, now + need / shares[at]!);
    for (const [at, one] of inside.entries()) one.need -= (end - now) * shares[at]!;
    now = end;
    // Shares are fractions: what is left of a request that is through is a rounding error.
    for (const { request } of inside.filter(({ need }) => need < 1e-6)) left[request] = now;
    inside = inside.filter(({ need }) => need >= 1e-6);
    if (now === nextAt) inside.push({ request: next, need: services[next++]! });
  }
  return left;
}
