/** The clock of all threads of a process: monotonic, and the same on each, unlike `performance.now()` whose origins differ. */

/** ns since an arbitrary moment. Exact to 2^53 ns, 104 days of uptime, and to a few ns beyond. */
export function monotonicNs(): number {
  return Number(process.hrtime.bigint());
}
