/** Lines as perf bench prints them, for programs that read those. */

/** Total time, and what an operation took. */
export function perfTimes(totalNs: number, operations: number): string {
  const perOp = totalNs / operations;
  return `${perfTotal(totalNs)}
${(perOp / 1000).toFixed(6).padStart(15)} usecs/op
${String(Math.floor(1e9 / perOp)).padStart(15)} ops/sec
`;
}

/** The time alone. */
export function perfTotal(totalNs: number): string {
  return `     Total time: ${(totalNs / 1e9).toFixed(3)} [sec]\n`;
}
