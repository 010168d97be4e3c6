/**
 * Workers without a machine: synchronisation objects under any interleaving of their memory operations.
 *
 * Every memory operation, and every unpark, is a step, and a random number says whose step is next. A worker that is parked
 * is chosen again when it has a token, is cancelled, or has a deadline: then the clock jumps to it, so that a deadline
 * may pass at any step. It is as if every worker had a CPU of its own, of any speed. When nobody can be chosen and workers
 * are left, they are deadlocked: that is the lost wake-up every oracle looks for.
 */
import { type Addr, addr } from "../../src/atomics/address.ts";
import { LocalMemory } from "../../src/atomics/local-memory.ts";
import { type Coroutine, RESUME } from "../../src/atomics/step.ts";
import { SteppedMemory } from "../../src/atomics/stepped-memory.ts";
import type { Tid } from "../../src/kernel-sim/ids.ts";
import { Sfc32 } from "../../src/random/sfc32.ts";
import { RuntimeError } from "../../src/server/runtime-error.ts";
import { stateOf, UMCG_TASK_RUNNING } from "../../src/umcg/abi.ts";
import { abandonHeld } from "../../src/worker/sync/held.ts";
import type { Held, SyncWorker } from "../../src/worker/sync/sync-worker.ts";

const MAX_STEPS = 200_000;
const PAUSE = 0;
const PARKED = 1;

export class RigWorker implements SyncWorker {
  readonly name: string;
  readonly tid: Tid;
  readonly record: Addr;
  readonly memory: SteppedMemory;
  readonly held: Held[] = [];
  readonly sys: SyncWorker["sys"] = { schedYield: pause, nanosleep: pause };
  readonly rig: SyncRig;
  /** What it is parked for, Infinity included; undefined while it runs. */
  parkedUntilNs: number | undefined;
  token = false;
  /** For the program under test to count what this worker has done. */
  done = 0;
  cancelled = false;
  #told = false;
  #shields = 0;

  constructor(rig: SyncRig, number: number, record: Addr) {
    this.rig = rig;
    this.name = `w${number}`;
    this.tid = (number + 1) as Tid;
    this.record = record;
    this.memory = rig.memory;
  }

  now(): number {
    return this.rig.clockNs;
  }

  *park(): Coroutine<void> {
    yield* this.parkUntil(Number.POSITIVE_INFINITY);
  }

  *parkUntil(deadlineNs: number): Coroutine<boolean> {
    for (;;) {
      yield PAUSE;
      if (this.token) {
        this.token = false;
        return true;
      }
      if (this.cancelPending) {
        this.#told = true;
        throw new RuntimeError("ERR_CANCELLED", `${this.name} has been cancelled`);
      }
      if (this.now() >= deadlineNs) return false;
      this.parkedUntilNs = deadlineNs;
      yield PARKED;
      this.parkedUntilNs = undefined;
    }
  }

  *unpark({ record }: { readonly record: Addr }): Coroutine<void> {
    yield PAUSE;
    this.rig.workers.find((worker) => worker.record === record)!.token = true;
  }

  *yield(): Coroutine<void> {
    yield PAUSE;
  }

  *deferCancel(): Coroutine<void> {
    yield PAUSE;
    this.#told = false;
  }

  *shield<T>(body: () => Coroutine<T>): Coroutine<T> {
    this.#shields++;
    try {
      return yield* body();
    } finally {
      this.#shields--;
    }
  }

  get cancelPending(): boolean {
    return this.cancelled && !this.#told && this.#shields === 0;
  }

  /** Does it wait for somebody? */
  get waits(): boolean {
    return this.parkedUntilNs !== undefined && !this.token;
  }

  /** May it be chosen? */
  get ready(): boolean {
    return this.parkedUntilNs === undefined || this.token || this.cancelPending;
  }

  /** Lets others run `steps` times. */
  *pause(steps = 1): Coroutine<void> {
    for (let step = 0; step < steps; step++) yield PAUSE;
  }
}

function* pause(): Coroutine<number> {
  yield PAUSE;
  return 0;
}

interface Actor {
  readonly worker: RigWorker;
  readonly body: Coroutine<unknown>;
}

export class SyncRig {
  readonly memory: SteppedMemory;
  readonly workers: RigWorker[] = [];
  clockNs = 0;
  /** Errors that workers ended with, by name. */
  readonly errors: Map<string, unknown> = new Map();
  readonly #actors: Actor[] = [];
  #top = 64;
  readonly #local: LocalMemory;

  constructor() {
    this.#local = new LocalMemory(new ArrayBuffer(1 << 20));
    this.#local.budget = Number.MAX_SAFE_INTEGER;
    this.memory = new SteppedMemory(this.#local);
  }

  allocate(bytes: number, align = 64): Addr {
    const at = Math.ceil(this.#top / align) * align;
    this.#top = at + bytes;
    return addr(at);
  }

  spawn(body: (worker: RigWorker) => Coroutine<unknown>): RigWorker {
    const worker = new RigWorker(this, this.workers.length, this.allocate(128));
    new Uint32Array(this.memory.buffer)[stateOf(worker.record) >>> 2] = UMCG_TASK_RUNNING;
    this.workers.push(worker);
    this.#actors.push({ worker, body: this.#program(worker, body) });
    return worker;
  }

  *#program(worker: RigWorker, body: (worker: RigWorker) => Coroutine<unknown>): Coroutine<void> {
    try {
      yield* body(worker);
    } catch (error) {
      this.errors.set(worker.name, error);
    }
    const left = yield* abandonHeld(worker);
    if (left !== undefined && !this.errors.has(worker.name)) this.errors.set(worker.name, left);
  }

  /** A word for the program under test. */
  word(): Addr {
    return this.allocate(8, 8);
  }

  /** The value of a word, between steps. */
  peek(a: Addr): number {
    return new Uint32Array(this.memory.buffer)[a >>> 2]!;
  }

  /** Runs all workers to their ends. Throws when some cannot go on. `stickiness`: how often a worker makes the next step too. */
  run(seed: number, stickiness = 0.5): void {
    const random = new Sfc32(seed);
    let actor: Actor | undefined;
    for (let step = 0; step < MAX_STEPS; step++) {
      const sticks = actor?.worker.ready === true && random.next() < stickiness;
      if (!sticks) actor = this.#choose(random);
      if (actor === undefined) return;
      const { worker } = actor;
      this.clockNs++;
      if (!worker.ready) this.clockNs = Math.max(this.clockNs, worker.parkedUntilNs!);
      if (actor.body.next(RESUME).done !== true) continue;
      this.#actors.splice(this.#actors.indexOf(actor), 1);
      actor = undefined;
    }
    throw new Error(`no end after ${MAX_STEPS} steps`);
  }

  #choose(random: Sfc32): Actor | undefined {
    const actors = this.#actors;
    const able = actors.filter(
      ({ worker }) => worker.ready || worker.parkedUntilNs !== Number.POSITIVE_INFINITY,
    );
    if (able.length > 0) return able[Math.floor(random.next() * able.length)];
    if (actors.length === 0) return undefined;
    throw new Error(`deadlock: ${actors.map(({ worker }) => worker.name).join(", ")} wait for ever`);
  }
}
