/**
 * Every execution with at most so many preemptions, depth first, until one shows a violation of a kind.
 *
 * An actor that can go on does so at no cost, and when it cannot any other may: only switching away from one that could have gone
 * on counts (iterative context bounding, Musuvathi and Qadeer, PLDI 2007). Nothing is reduced: sleep sets are not sound
 * within a bound.
 */
import { actorOf, alternativeOf, type Choice, choice } from "../interleaving/schedule.ts";
import type { System, ViolationKind } from "../interleaving/system.ts";

export interface PreemptionSearch {
  readonly kind: ViolationKind;
  readonly preemptions: number;
  readonly maxSteps: number;
  /** At most. */
  readonly executions: number;
}

export interface PreemptionResult {
  readonly found: readonly Choice[] | undefined;
  /** All have been made. */
  readonly complete: boolean;
  readonly executions: number;
}

/** `system` is left anywhere. */
export function searchPreemptions(system: System, search: PreemptionSearch): PreemptionResult {
  /** Choices not tried yet, per step. */
  const open: Choice[][] = [];
  const path: Choice[] = [];
  let complete = true;
  for (let executions = 1; executions <= search.executions; executions++) {
    if (!execute(system, search, path, open)) complete = false;
    if (system.violations[0]?.kind === search.kind) return { found: [...path], complete, executions };
    while (open.length > 0 && open.at(-1)!.length === 0) {
      open.pop();
      path.pop();
    }
    if (open.length === 0) return { found: undefined, complete, executions };
    path[open.length - 1] = open.at(-1)!.pop()!;
  }
  return { found: undefined, complete: false, executions: search.executions };
}

/** Repeats `path`, goes on from there, and notes what else could be done. False: it was cut off. */
function execute(system: System, search: PreemptionSearch, path: Choice[], open: Choice[][]): boolean {
  let [last, spent] = [-1, 0];
  system.reset();
  for (let step = 0; ; step++) {
    const count = system.enabledCount();
    if (count === 0) break;
    if (step === search.maxSteps) return false;
    const goesOn = last >= 0 && system.isEnabled(last);
    if (step === path.length) {
      const bound = goesOn && spent === search.preemptions;
      const ways = bound ? waysOf(system, last) : allWays(system, count, goesOn ? last : -1);
      path.push(ways.pop()!);
      open.push(ways);
    }
    const made = path[step]!;
    const actor = actorOf(made);
    if (goesOn && actor !== last) spent++;
    system.step(actor, alternativeOf(made));
    last = actor;
  }
  if (!system.pruned) system.finish();
  return true;
}

/** What can be chosen, the first choice last. */
function allWays(system: System, count: number, first: number): Choice[] {
  const actors = [...system.enabled.subarray(0, count)].filter((actor) => actor !== first).reverse();
  if (first >= 0) actors.push(first);
  return actors.flatMap((actor) => waysOf(system, actor));
}

function waysOf(system: System, actor: number): Choice[] {
  const ways = system.alternatives(actor);
  return Array.from({ length: ways }, (_, i) => choice(actor, ways - 1 - i));
}
