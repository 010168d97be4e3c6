/** The floor: two generators that do nothing but yield, resumed in turn. */

function* turn(): Generator<number, never, number> {
  let value = 0;
  for (;;) value += yield value;
}

/** Wall ns of one resumption. */
export function ringNs(resumptions: number): number {
  const ring = [turn(), turn()] as const;
  const started = performance.now();
  for (let i = 0; i < resumptions; i++) ring[i & 1]!.next(1);
  return ((performance.now() - started) * 1e6) / resumptions;
}
