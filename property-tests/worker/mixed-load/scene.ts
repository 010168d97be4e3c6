/** What is known of all workers of a mixed load, and whether that is what may be: who lives, who was asked to end, and how each did. */
import { type Addr, offsetBy } from "../../../src/atomics/address.ts";
import type { Machine } from "../../../src/machine.ts";
import type { RuntimeError } from "../../../src/server/runtime-error.ts";
import type { Runtime } from "../../../src/worker/runtime.ts";
import { ThreadLocal } from "../../../src/worker/thread-local.ts";
import {
  ENDED_CANCELLED,
  ENDED_KILLED,
  ENDED_NOT,
  ENDED_RETURNED,
  type WorkerHandle,
} from "../../../src/worker/worker-handle.ts";
import { Hood } from "./hood.ts";
import type { WorkerPlan } from "./plan.ts";

/** Workers of a neighbourhood. */
const HOOD_SIZE = 24;
const PAGES = 8;

/** What a worker throws of its own accord. */
export class Boom extends Error {
  readonly id: number;
  constructor(id: number) {
    super(`worker ${id} throws`);
    this.id = id;
  }
}

/** What a worker returns. */
export function answerOf(id: number): number {
  return 7 * id + 1;
}

/** One worker, from before it is spawned to the last word about it. */
export class Life {
  readonly plan: WorkerPlan;
  handle: WorkerHandle<number> | undefined;
  /** Times its function began, and came to its end. */
  began = 0;
  ended = 0;
  /** It made the exit call; it threw on purpose. */
  exits = false;
  throws = false;
  /** Cancellations that were accepted, and signals that were sent to kill it. */
  cancels = 0;
  readonly signals: Set<number> = new Set();
  /** Joins that were answered, and detaches. */
  answers = 0;
  detached = false;
  /** It handles SIGUSR1. */
  armed = false;

  constructor(plan: WorkerPlan) {
    this.plan = plan;
  }

  get id(): number {
    return this.plan.id;
  }

  /** Returned, or throws: what `join` says must be what happened. */
  checkJoin(value: unknown, error: RuntimeError | undefined): void {
    this.answers++;
    const { ending } = this.handle!;
    const code = error?.code;
    const right =
      (ending === ENDED_RETURNED && error === undefined && value === this.#returned) ||
      (ending === ENDED_CANCELLED && code === "ERR_WORKER_CANCELLED") ||
      (ending === ENDED_KILLED && code === "ERR_KILLED") ||
      (code === "ERR_WORKER_FAILED" &&
        this.throws &&
        error?.cause instanceof Boom &&
        error.cause.id === this.id);
    if (!right)
      throw new Error(`join of ${this.id}, which ended ${ending}: ${String(value)}, ${String(error)}`);
  }

  get #returned(): number | undefined {
    return this.exits ? undefined : answerOf(this.id);
  }

  /** At the end of all: it ended once, in a way that somebody asked for. */
  check(): void {
    const { id, handle } = this;
    if (handle === undefined) {
      if (this.began > 0) throw new Error(`worker ${id} ran without a handle`);
      return;
    }
    const { ending, value } = handle;
    const asked =
      (ending === ENDED_RETURNED && (this.exits ? value === undefined : value === answerOf(id))) ||
      (ending === ENDED_CANCELLED && this.cancels > 0) ||
      (ending === ENDED_KILLED && this.signals.has(Number(value))) ||
      (value instanceof Boom && value.id === id && this.throws);
    if (ending === ENDED_NOT || !asked) throw new Error(`worker ${id} ended ${ending} with ${String(value)}`);
    const own = ending === ENDED_KILLED ? this.ended <= 1 : this.exits || this.ended === 1;
    if (this.began > 1 || !own)
      throw new Error(`worker ${id} began ${this.began} times, ended ${this.ended}`);
    const asks = this.answers + (this.detached ? 1 : 0);
    if (asks !== (this.plan.fate === "forget" && this.answers === 0 ? 0 : 1))
      throw new Error(
        `worker ${id}, ${this.plan.fate}: ${this.answers} joins answered, detached ${this.detached}`,
      );
  }
}

export class Scene {
  readonly machine: Machine;
  readonly runtime: Runtime;
  readonly lives: ReadonlyMap<number, Life>;
  readonly hoods: readonly Hood[];
  /** Those who were spawned, in this order. */
  readonly spawned: Life[] = [];
  readonly mortals: Life[] = [];
  /** Handed over by their parents for anybody to join. */
  readonly orphans: Life[] = [];
  /** Joined or detached, and ended: names of the past. */
  readonly gone: Life[] = [];
  /** Workers that were spawned, cannot be killed, and have not ended. */
  running = 0;
  /** Workers besides those of the plan. */
  extras = 0;
  /** ns of computing that were asked for and done. */
  workedNs = 0;
  readonly pipes: number[] = [];
  readonly buffer: Addr;
  readonly #pages: Addr;
  readonly local: ThreadLocal<number> = new ThreadLocal(() => -1);

  constructor(machine: Machine, runtime: Runtime, plans: ReadonlyMap<number, WorkerPlan>) {
    this.machine = machine;
    this.runtime = runtime;
    this.lives = new Map([...plans].map(([id, plan]) => [id, new Life(plan)]));
    this.hoods = Array.from({ length: Math.ceil(plans.size / HOOD_SIZE) }, () => new Hood(machine));
    this.buffer = machine.allocate(64);
    this.#pages = machine.allocate(4096 * PAGES, 4096);
    machine.protect(this.#pages, 4096 * PAGES, "absent");
  }

  page(pick: number): Addr {
    return offsetBy(this.#pages, 4096 * (pick % PAGES));
  }

  /** Mostly its own neighbourhood, sometimes another. */
  hoodOf(id: number, pick: number): Hood {
    const own = Math.floor(id / HOOD_SIZE) % this.hoods.length;
    return this.hoods[pick % 8 === 0 ? (pick >> 3) % this.hoods.length : own]!;
  }

  enter(life: Life, handle: WorkerHandle<number>): void {
    life.handle = handle;
    this.spawned.push(life);
    if (life.plan.mortal) this.mortals.push(life);
  }
}

/** Any of a list, undefined if it is empty. */
export function pickOf<T>(list: readonly T[], pick: number): T | undefined {
  return list[pick % Math.max(1, list.length)];
}

/** How many are looked at. */
const LOOKS = 32;

/** Any of a list that runs, as far as that is known; the first one looked at if none is found. */
export function pickAlive(list: readonly Life[], pick: number): Life | undefined {
  for (let look = 0; look < Math.min(LOOKS, list.length); look++) {
    const life = list[(pick + look) % list.length]!;
    if (life.began > 0 && life.ended === 0 && life.handle!.ending === ENDED_NOT) return life;
  }
  return pickOf(list, pick);
}
