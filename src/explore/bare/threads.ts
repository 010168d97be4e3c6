/**
 * The threads of one execution: beginning, resuming, ending them, and which of them may step.
 *
 * Generators are made anew for each execution (60 ns each), because one that was left in the middle cannot be begun again;
 * all else is reused. The list of the enabled is kept up to date: threads at a step that the state enables (lock, join, until) are
 * few, and only those are looked at before each choice.
 *
 * A body that throws ends there, with a violation, and the others go on: an execution has an end whatever happens in it.
 */
import { RESUME, YIELD_PAUSE } from "../../atomics/step.ts";
import type { Violation, ViolationKind } from "../../interleaving/system.ts";
import { mix } from "../mix.ts";
import type { Bare } from "./bare.ts";
import { BareError } from "./bare-error.ts";
import { FREE, type Objects } from "./objects.ts";
import { Races } from "./races.ts";
import {
  OP_COPY_IN,
  OP_CUT,
  OP_JOIN,
  OP_LOCK,
  OP_NONE,
  OP_PAUSE,
  OP_UNTIL,
  opName,
  Request,
} from "./request.ts";
import type { Sleepers } from "./sleepers.ts";
import { isSpinning, pointAfter, type Spins } from "./spins.ts";

/** Called through one builtin: `generator.next` would be looked up on as many prototypes as there are bodies. */
const resumeGenerator = Object.getPrototypeOf(Object.getPrototypeOf((function* () {})())).next as (
  this: unknown,
  value?: number,
) => IteratorResult<unknown, unknown>;

export class Threads {
  declare readonly bare: Bare;
  declare readonly objects: Objects;
  declare readonly sleepers: Sleepers;
  readonly requests: Request[] = [];
  declare readonly names: string[];
  readonly violations: Violation[] = [];
  /** Who holds each mutex. */
  declare readonly owners: Int32Array;
  /** Ids of the threads that may step, ascending, up to the result of `listEnabled`. */
  declare readonly enabled: Int32Array;
  /** Accesses to ordering objects that the last step turned out to have. */
  declare readonly turnedOut: Int32Array;
  turnedOutCount = 0;
  /** One more than the highest number of a thread so far. */
  declare count: number;
  /** A thread gave up an iteration. */
  cut = false;
  /** Threads that have not ended. */
  unfinished = 0;
  /** Looks for data races; undefined: there is none to be found. */
  races: Races | undefined;
  /** Known spins; undefined: none has been looked for. */
  spins: Spins | undefined = undefined;
  /** An execution has been made; a plain access has been met. */
  #tried = false;
  #plain = false;
  #enabledCount = 0;
  /** Threads at a step that the state enables, in no order; whether it does now is in `Request.listed`. */
  declare private readonly conditional: Int32Array;
  #conditionalCount = 0;

  constructor(bare: Bare, objects: Objects, sleepers: Sleepers, maxThreads: number) {
    this.bare = bare;
    this.objects = objects;
    this.sleepers = sleepers;
    this.names = bare.threads.map(({ name }) => name);
    this.count = bare.threads.length;
    this.owners = new Int32Array(bare.mutexes.length).fill(FREE);
    this.conditional = new Int32Array(maxThreads);
    this.turnedOut = new Int32Array(2 * maxThreads + 2);
    this.enabled = new Int32Array(4 * maxThreads);
    const races = new Races(bare, this.owners, maxThreads, this.violations);
    this.races = races;
    bare.nameOfThread = (thread) => this.nameOf(thread);
    bare.onPlain = () => {
      this.races = races;
      this.#plain = true;
    };
    for (let t = 0; t < maxThreads; t++) this.requests.push(new Request(t));
    bare.threads.forEach(({ body }, t) => {
      this.requests[t]!.body = body;
    });
  }

  reset(): void {
    if (this.owners.length > 0) this.owners.fill(FREE);
    this.#resetRaces();
    if (this.violations.length > 0) this.violations.length = 0;
    const started = this.bare.threads.length;
    for (let t = started; t < this.count; t++) this.requests[t]!.coroutine = undefined;
    this.#enabledCount = 0;
    this.#conditionalCount = 0;
    this.cut = false;
    this.unfinished = 0;
    for (let t = 0; t < started; t++) this.begin(this.requests[t]!);
    this.turnedOutCount = 0;
  }

  /** They are looked for in the first execution, and in all when there may be some. */
  #resetRaces(): void {
    if (this.#tried && !this.#plain) this.races = undefined;
    this.#tried = true;
    this.races?.reset();
  }

  /** Brings `enabled` up to date and returns how many there are. */
  listEnabled(): number {
    for (let i = 0; i < this.#conditionalCount; i++) {
      const request = this.requests[this.conditional[i]!]!;
      if (this.admits(request) === request.listed) continue;
      if (request.listed) this.retire(request);
      else this.revive(request);
    }
    return this.#enabledCount;
  }

  /** Whether the state enables a step of the conditional kind. */
  admits(request: Request): boolean {
    if (request.spin !== undefined) return !isSpinning(request.spin, this.bare.words);
    if (request.op === OP_LOCK) return this.owners[request.a] === FREE;
    if (request.op === OP_UNTIL) return request.predicate(this.bare.words[request.a]!);
    return request.op === OP_JOIN && this.requests[request.a]!.finished;
  }

  /** Starts the body of `request`, which runs to its first step. */
  begin(request: Request): void {
    request.coroutine = request.body!(request.actor, request.argument) as NonNullable<Request["coroutine"]>;
    request.finished = false;
    request.fresh = request.spawned;
    request.children = 0;
    request.faults = 0;
    request.returned = undefined;
    request.spin = undefined;
    if (this.spins !== undefined) {
      request.point = mix(request.actor, request.argument);
      request.result.value = 0;
      request.wide.answer.result.value = 0n;
    }
    this.unfinished++;
    this.revive(request);
    this.resume(request);
  }

  /** Lets a thread run on to its next step, or its end. */
  resume(request: Request): void {
    this.bare.current = request;
    request.op = OP_NONE;
    const { spins } = this;
    if (spins !== undefined) {
      request.point = pointAfter(request.point, request.result.value, request.wide.answer.result.value);
    }
    let result: IteratorResult<unknown, unknown>;
    try {
      result = resumeGenerator.call(request.coroutine, RESUME);
    } catch (cause) {
      this.violate(isCheck(cause) ? "assertion" : "threw", request.actor, cause);
      this.#end(request);
      return;
    }
    if (result.done) {
      request.returned = result.value;
      this.#end(request);
    } else if (request.op > OP_COPY_IN || request.op === OP_NONE || request.a < 0) {
      this.#announced(request, result.value);
    }
    if (spins !== undefined && !request.finished) this.#meetSpin(request, spins);
  }

  #meetSpin(request: Request, spins: Spins): void {
    if (request.op >= OP_LOCK) return;
    request.spin = spins.at(request.point);
    if (request.spin !== undefined) this.conditional[this.#conditionalCount++] = request.actor;
  }

  /** The number of the next child of `parent`: the same in every execution. One too large when there are too many. */
  childNumber(parent: Request): number {
    const nth = parent.children++;
    let known = parent.childNumbers[nth];
    if (known === undefined) {
      if (this.count === this.requests.length) return this.count;
      known = this.count++;
      parent.childNumbers.push(known);
      this.names.push(`${this.nameOf(parent.actor)}.${nth + 1}`);
    }
    return known;
  }

  /** A thread may step: it is new, was woken, or the state enables its step. */
  revive(request: Request): void {
    const list = this.enabled;
    const thread = request.actor;
    let i = this.#enabledCount++;
    for (; i > 0 && list[i - 1]! > thread; i--) list[i] = list[i - 1]!;
    list[i] = thread;
    request.listed = true;
  }

  /** A thread may not step: it has ended, sleeps, or the state does not enable its step. */
  retire(request: Request): void {
    const list = this.enabled;
    let i = 0;
    while (list[i] !== request.actor) i++;
    this.#enabledCount--;
    for (; i < this.#enabledCount; i++) list[i] = list[i + 1]!;
    request.listed = false;
  }

  /** The conditional step of a thread has been made: it was enabled. */
  passed(request: Request): void {
    const list = this.conditional;
    let i = 0;
    while (list[i] !== request.actor) i++;
    list[i] = list[--this.#conditionalCount]!;
    request.spin = undefined;
    if (!request.listed) this.revive(request);
  }

  /** The step under way writes an object that only orders. */
  turnOut(access: number): void {
    this.turnedOut[this.turnedOutCount++] = access;
  }

  violate(kind: ViolationKind, actor: number, cause: unknown): void {
    const text = cause instanceof Error ? cause.message : String(cause);
    const who = actor < 0 ? "" : `${this.nameOf(actor)}: `;
    this.violations.push({ kind, message: who + text, actor, cause });
  }

  nameOf(thread: number): string {
    return this.names[thread] ?? `thread ${thread}`;
  }

  /** What is not a plain access to a word that exists. */
  #announced(request: Request, yielded: unknown): void {
    const what = request.op;
    const { actor } = request;
    if (what === OP_NONE && yielded === YIELD_PAUSE) {
      request.op = OP_PAUSE;
    } else if (what === OP_NONE) {
      const message = `yielded ${String(yielded)}, which is no step`;
      this.violate("foreign-yield", actor, new BareError("ERR_PROGRAM", message));
      this.#end(request);
    } else if (request.a < 0) {
      this.violate(
        "threw",
        actor,
        new BareError("ERR_MEMORY", `${opName(what)} outside memory or misaligned`),
      );
      this.#end(request);
    } else if (what === OP_CUT) {
      this.cut = true;
      this.retire(request);
    } else if (what >= OP_LOCK) {
      this.conditional[this.#conditionalCount++] = actor;
    }
  }

  #end(request: Request): void {
    request.finished = true;
    request.op = OP_NONE;
    this.unfinished--;
    this.retire(request);
    this.turnOut(this.objects.endOf(request.actor));
  }
}

function isCheck(cause: unknown): boolean {
  return cause instanceof BareError && cause.code === "ERR_CHECK";
}

/** Whether the thread's next step is one that the state enables. */
export function isConditional({ op, spin }: Request): boolean {
  return (op >= OP_LOCK && op <= OP_UNTIL) || spin !== undefined;
}
