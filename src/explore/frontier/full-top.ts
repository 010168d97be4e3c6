/**
 * The top of a search, branched in full: from each of its places everybody who is awake goes on, with sleep sets, so that
 * what is behind one branch never asks for another. Its leaves are units that can be explored without hearing of each other, and
 * together they are the search: sleep sets alone let every class be completed once, whatever is reduced below them.
 *
 * The price of optimal and source-DPOR are executions that are given up: behind a leaf somebody may sleep who was put there by the top, and a search that
 * reduces does not come upon him before all who are awake sleep, too.
 *
 * A place is only branched when what is behind it has turned out to be large: each leaf is explored for PROBE executions, and is a
 * result if that is all. So the units differ less in size, and nothing is branched that is not worth it. All that is decided here
 * follows from the program and the options, so everybody who makes a top makes the same.
 *
 * Rejected: a fixed depth (one leaf then has most of the classes where first steps commute), wakeup trees above the leaves (they grow by
 * what units find: whoever does not hear of it leaves most of the search undone).
 */
import { parseSchedule } from "../../interleaving/schedule.ts";
import { Distinct } from "../distinct.ts";
import type { Explorable } from "../explorable.ts";
import { Findings } from "../findings.ts";
import type { CheckedOptions } from "../options.ts";
import { SUSPICIOUS } from "../strategies/suspicion.ts";
import { Brancher, type Node } from "./brancher.ts";
import { attemptsOf, type Counts, noCounts } from "./counts.ts";
import type { SavedTwig } from "./saved-tree.ts";
import type { SavedSearch } from "./tree-exploration.ts";
import { type UnitResult, UnitRunner } from "./unit-runner.ts";

/** Executions after which a leaf is large. */
const PROBE = 8;
/** Places that are branched for each unit that is wanted: a program may not have as many. */
const BRANCHED_PER_UNIT = 2;

export class FullTop {
  readonly #explorable: Explorable;
  readonly #options: CheckedOptions;
  readonly #wanted: number;
  readonly #runner: UnitRunner;
  readonly #findings: Findings;
  readonly #lessons: string[];
  readonly #distinct: Distinct = new Distinct();
  #counts: Counts = noCounts();
  #suspicious: number = SUSPICIOUS;
  #found = false;

  /**
   * `wanted`: leaves at least, if the search has as many that are large. `lessons`: what is known of spins. Throws what the
   * program throws while it lays itself out.
   */
  constructor(
    explorable: Explorable,
    options: CheckedOptions,
    wanted: number,
    lessons: readonly string[] = [],
  ) {
    this.#lessons = [...lessons];
    this.#explorable = explorable;
    this.#options = options;
    this.#wanted = wanted;
    this.#runner = new UnitRunner(explorable, options);
    this.#findings = new Findings(explorable, options);
  }

  /** The search with nothing explored but what was small. */
  make(): SavedSearch {
    let root = this.#grow();
    // Bounded by the spins of the program.
    while (root === undefined) root = this.#grow();
    return {
      counts: this.#counts,
      signatures: this.#distinct.signatures,
      findings: this.#findings.entries,
      tree: treeOf(root),
      bound: 0,
      cutOff: false,
      lessons: this.#lessons,
      suspicious: this.#suspicious,
    };
  }

  /** Undefined: a spin was learned of, everything begins anew. */
  #grow(): Node | undefined {
    const brancher = new Brancher(this.#explorable, this.#options.strategy, this.#lessons);
    const root = brancher.root();
    let leaves = [root];
    for (let left = this.#wanted * BRANCHED_PER_UNIT; left > 0; left--) {
      if (leaves.length === 0 || leaves.length >= this.#wanted || this.#found) break;
      const [nearest, ...others] = leaves as [Node, ...Node[]];
      const result = this.#probe(nearest);
      if (result.lesson !== undefined) {
        this.#forget(result.lesson);
        return undefined;
      }
      // Somewhere in there the program computes for ever: that is found by the shard whose unit it is.
      if (result.found.some(({ kind }) => kind === "runaway")) break;
      if (result.rest === undefined) this.#count(nearest, result);
      else if (!brancher.branch(nearest)) this.#counts.blocked++;
      leaves = [...others, ...nearest.branches];
    }
    return root;
  }

  #probe(node: Node): UnitResult {
    this.#runner.learn(this.#lessons);
    const terms = { bound: 0, limit: PROBE, suspicious: this.#suspicious };
    const { levels } = node;
    const unit = { levels, rest: [], fresh: levels.length, closed: levels.length, ...terms };
    return this.#runner.run(unit, () => false);
  }

  #count(node: Node, { counts, signatures, found, suspicious }: UnitResult): void {
    const before = attemptsOf(this.#counts);
    node.over = true;
    this.#suspicious = suspicious;
    for (const kind of ["executions", "blocked", "pruned", "tooLong"] as const) {
      this.#counts[kind] += counts[kind];
    }
    for (const signature of signatures) this.#distinct.add(signature);
    for (const one of found) {
      if (!this.#findings.wants(one)) continue;
      this.#findings.add(one, parseSchedule(one.schedule), before + one.execution);
      this.#findings.finish();
      this.#found ||= this.#options.stopAtFirst;
    }
  }

  #forget(lesson: string): void {
    this.#lessons.push(lesson);
    this.#counts = noCounts();
    this.#distinct.clear();
  }
}

function treeOf({ step, touches, branches, over }: Node): SavedTwig {
  const saved = branches.map(treeOf);
  if (over || (saved.length > 0 && saved.every((branch) => branch.over)))
    return { step, touches, over: true };
  if (saved.length === 0) return { step, touches };
  return { step, touches, place: { done: [], branches: saved, full: true } };
}
