/** Goes to a place of a search, by its path, and says who can go on from there and is awake: for tops that are branched in full. */
import { actorOf, alternativeOf, type Choice, choice, parseSchedule } from "../../interleaving/schedule.ts";
import type { Explorable } from "../explorable.ts";
import type { StrategyName } from "../make-strategy.ts";
import { Path } from "../path.ts";
import { SleepSets } from "../sleep-sets.ts";
import type { Level } from "./level.ts";

/** A place, and the step by which it is reached. */
export interface Node {
  readonly step: Choice;
  /** Accesses of that step, where it is made. */
  readonly touches: readonly number[];
  /** From the root to here. */
  readonly levels: readonly Level[];
  branches: readonly Node[];
  /** Explored, with all that is behind it. */
  over: boolean;
}

export class Brancher {
  readonly #path: Path;
  /** Nobody sleeps. */
  readonly #naive: boolean;
  /** Each way in which a step can be made sleeps by itself; otherwise its actor does, when all have been tried. */
  readonly #byWay: boolean;

  /** `lessons`: what the system has learned from. */
  constructor(explorable: Explorable, strategy: StrategyName, lessons: readonly string[]) {
    const system = explorable.makeSystem();
    for (const lesson of lessons) system.learn?.(parseSchedule(lesson));
    this.#path = new Path(system, true);
    this.#naive = strategy === "naive";
    this.#byWay = strategy === "optimal";
  }

  root(): Node {
    return { step: choice(0), touches: [], levels: [], branches: [], over: false };
  }

  /** Finds out what the branches of a place are, and whether there are any: it is over if all who could go on sleep. */
  branch(node: Node): boolean {
    const { system } = this.#path;
    const depth = node.levels.length;
    const sleep = this.#goTo(node.levels);
    const enabled = [...system.enabled.subarray(0, system.enabledCount())];
    const branches: Node[] = [];
    const done: Choice[] = [];
    for (const actor of enabled) {
      const ways = system.alternatives(actor);
      for (let way = 0; way < ways; way++) {
        if (sleep.has(depth, actor, this.#byWay ? way : 0)) continue;
        const step = choice(actor, way);
        const touches = system.footprints.accesses(this.#path.here(actor, way));
        const levels = [...node.levels, { done: [...done], step, todo: [] }];
        branches.push({ step, touches, levels, branches: [], over: false });
        done.push(step);
      }
    }
    node.branches = branches;
    node.over = branches.length === 0;
    return !node.over;
  }

  #goTo(levels: readonly Level[]): SleepSets {
    const path = this.#path;
    const sleep = new SleepSets(path.system.footprints);
    path.rewind(0);
    for (const [depth, { done, step }] of levels.entries()) {
      for (const other of this.#naive ? [] : done) {
        const way = this.#byWay ? alternativeOf(other) : 0;
        sleep.add(depth, actorOf(other), path.here(actorOf(other), way), way);
      }
      const actor = actorOf(step!);
      sleep.enter(depth, actor, path.step(actor, alternativeOf(step!), path.peek(actor)));
    }
    return sleep;
  }
}
