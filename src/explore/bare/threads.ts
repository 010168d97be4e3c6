/**
 * The threads of one execution: beginning, resuming, ending them, and which of them may step.
 *
 * Generators are made anew for each execution (60 ns each), because one that was left in the middle cannot be begun again;
 * all else is reused. Of pure programs what the bodies do is learned, and few generators are made (memo.ts). The list of the enabled is kept up to date: threads at a step that the state enables (lock, join, until) are
 * few, and only those are looked at before each choice.
 *
 * A body that throws ends there, with a violation, and the others go on: an execution has an end whatever happens in it.
 */
import type { Coroutine } from "../../atomics/step.ts";
import { messageOf } from "../../diagnostics/text-of.ts";
import type { Violation, ViolationKind } from "../../interleaving/system.ts";
import { joinLanes, mix } from "../mix.ts";
import { ask } from "./asking.ts";
import type { Bare } from "./bare.ts";
import type { Known } from "./known.ts";
import type { Memo } from "./memo.ts";
import { FREE, type Objects } from "./objects.ts";
import { Races } from "./races.ts";
import { OP_CUT, OP_FAILED, OP_JOIN, OP_LOCK, OP_NONE, OP_RETURNED, OP_UNTIL, Request } from "./request.ts";
import type { Sleepers } from "./sleepers.ts";
import { isSpinning, pointAfter, type Spins } from "./spins.ts";

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
  /** What was learned of the bodies; undefined: they are run. */
  memo: Memo | undefined = undefined;
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
    for (let t = started; t < this.count; t++) this.requests[t]!.born = false;
    if (this.memo?.begin() === false) this.memo = undefined;
    this.#enabledCount = 0;
    this.#conditionalCount = 0;
    this.cut = false;
    this.unfinished = 0;
    for (let t = 0; t < started; t++) {
      const request = this.requests[t]!;
      this.begin(request, this.memo?.beginOf(request));
    }
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

  mayStep(request: Request): boolean {
    if (!request.born || request.finished) return false;
    return isConditional(request) ? this.admits(request) : request.op < OP_LOCK;
  }

  /** Whether it is at a step that the state does not enable. */
  isBlocked(request: Request): boolean {
    return request.born && !request.finished && isConditional(request) && !this.admits(request);
  }

  /** Whether the state enables a step of the conditional kind. */
  admits(request: Request): boolean {
    if (request.spin !== undefined) return !isSpinning(request.spin, this.bare.words);
    if (request.op === OP_LOCK) return this.owners[request.a] === FREE;
    if (request.op === OP_UNTIL) return this.#accepts(request, this.bare.words[request.a]!);
    return request.op === OP_JOIN && this.requests[request.a]!.finished;
  }

  #accepts(request: Request, value: number): boolean {
    if (request.node === undefined) return request.predicate(value);
    return this.memo!.accepts(request, request.node, value);
  }

  /** Starts the body of `request`, which runs to its first step. `known`: what was learned of it. */
  begin(request: Request, known: Known | undefined): void {
    request.born = true;
    request.finished = false;
    request.fresh = request.spawned;
    request.children = 0;
    request.faults = 0;
    request.returned = undefined;
    request.spin = undefined;
    const { spins } = this;
    if (spins !== undefined) {
      request.point = pointAfter(mix(request.actor, request.argument), 0, 0n);
      request.result.value = 0;
      request.wide.answer.result.value = 0n;
    }
    this.unfinished++;
    this.revive(request);
    request.node = known;
    if (known !== undefined) this.memo!.start(request, known);
    else {
      request.coroutine = request.body!(request.actor, request.argument) as Coroutine<unknown>;
      ask(this.bare, request);
    }
    if (request.op >= OP_LOCK) this.#arrive(request);
    if (spins !== undefined && !request.finished) this.#meetSpin(request, spins);
  }

  /** Lets a thread go on to its next step, or its end. */
  resume(request: Request): void {
    const { spins } = this;
    if (spins !== undefined) {
      request.point = pointAfter(request.point, request.result.value, request.wide.answer.result.value);
    }
    if (request.node === undefined) ask(this.bare, request);
    else this.memo!.goOn(request, request.node);
    if (request.op >= OP_LOCK) this.#arrive(request);
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
    const text = messageOf(cause);
    const who = actor < 0 ? "" : `${this.nameOf(actor)}: `;
    const coroutine = this.requests[actor]?.coroutine;
    this.violations.push({ kind, message: who + text, actor, cause, ...(coroutine && { coroutine }) });
  }

  /** Two lanes, with who has ended and what it has returned. */
  hash(first: number, second: number): number {
    let [a, b] = [first, second];
    for (let t = 0; t < this.count; t++) {
      const { returned, finished } = this.requests[t]!;
      if (!finished) a = mix(a, t);
      if (typeof returned !== "number") continue;
      a = mix(a, returned);
      b = mix(b, returned ^ (t << 16));
    }
    return joinLanes(a, b);
  }

  nameOf(thread: number): string {
    return this.names[thread] ?? `thread ${thread}`;
  }

  /** A step that the state enables, or none. */
  #arrive(request: Request): void {
    switch (request.op) {
      case OP_RETURNED:
        this.#end(request);
        return;
      case OP_FAILED:
        this.violate(request.failure!.kind, request.actor, request.failure!.cause);
        this.#end(request);
        return;
      case OP_CUT:
        this.cut = true;
        this.retire(request);
        return;
      default:
        this.conditional[this.#conditionalCount++] = request.actor;
    }
  }

  /** The step by which a thread has ended is taken back. */
  unend(request: Request): void {
    request.finished = false;
    request.returned = undefined;
    this.unfinished++;
    this.revive(request);
  }

  #end(request: Request): void {
    request.finished = true;
    request.op = OP_NONE;
    this.unfinished--;
    this.retire(request);
    this.turnOut(this.objects.endOf(request.actor));
  }
}

/** Whether the thread's next step is one that the state enables. */
export function isConditional({ op, spin }: Request): boolean {
  return (op >= OP_LOCK && op <= OP_UNTIL) || spin !== undefined;
}
