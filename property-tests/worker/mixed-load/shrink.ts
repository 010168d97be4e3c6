/**
 * Makes a mixed load that fails smaller: fewer workers, by leaving out halves, quarters and so on of them (Zeller's ddmin),
 * fewer acts of each, fewer kinds of acts, a plainer machine. Any failure counts as the failure.
 */
import { KINDS, type Shape } from "./plan.ts";
import { SETTING_PARTS } from "./setting.ts";

const PARTS: readonly string[] = [...SETTING_PARTS, "children", "mortals", ...KINDS];
/** Workers that may be run in all, for each of the load and at least. */
const RUNS_EACH = 30;
const LEAST_RUNS = 30_000;

export function shrink(shape: Shape, fails: (shape: Shape) => boolean): Shape {
  const all = Array.from({ length: shape.workers }, (_, id) => id);
  let best: Shape = { ...shape, only: shape.only ?? all };
  let left = LEAST_RUNS + RUNS_EACH * best.only!.length;
  const attempt = (changes: Partial<Shape>): boolean => {
    const next = { ...best, ...changes };
    left -= next.only!.length + 10;
    if (left < 0 || !fails(next)) return false;
    best = next;
    return true;
  };
  // Bounded by the budget, and by what there is to leave out.
  for (let smaller = true; smaller; ) {
    smaller = leaveOutWorkers(() => best, attempt);
    for (const part of PARTS)
      if (!best.without.includes(part)) smaller = attempt({ without: [...best.without, part] }) || smaller;
    while (best.acts > 0 && (attempt({ acts: best.acts >> 1 }) || attempt({ acts: best.acts - 1 })))
      smaller = true;
  }
  return best;
}

function leaveOutWorkers(best: () => Shape, attempt: (changes: Partial<Shape>) => boolean): boolean {
  let smaller = false;
  for (
    let size = Math.ceil(best().only!.length / 2);
    size >= 1;
    size = size === 1 ? 0 : Math.ceil(size / 2)
  ) {
    for (let at = 0; at < best().only!.length; ) {
      const ids = best().only!;
      const less = [...ids.slice(0, at), ...ids.slice(at + size)];
      if (attempt({ only: less })) smaller = true;
      else at += size;
    }
  }
  return smaller;
}
