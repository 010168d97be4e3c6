/**
 * Bare mode: a program of plain threads over shared words, as a system to explore. No kernel, no clock.
 *
 * Actors: threads have their number; `maxThreads + t` is the timeout of t's wait, `2 * maxThreads + t` a spurious wake-up of it
 * and `3 * maxThreads + t` an interruption (-EINTR). These may step at any moment while t sleeps.
 */
import type { Footprints } from "../../interleaving/footprints.ts";
import type { See } from "../../interleaving/look.ts";
import type { Schedule } from "../../interleaving/schedule.ts";
import {
  STEP_CONDITIONAL,
  STEP_FIXED,
  STEP_VARIES,
  STEP_WITHDRAWS,
  STEP_YIELDS,
  type System,
  type Violation,
} from "../../interleaving/system.ts";
import { runGuided } from "../guided-run.ts";
import { digestText } from "../mix.ts";
import { NondeterminismError } from "../nondeterminism.ts";
import { Bare, type Program } from "./bare.ts";
import type { BareOptions } from "./bare-options.ts";
import { act, fault } from "./blocking.ts";
import { describeRequest, footprintOf, whyStuck } from "./footprint-of.ts";
import type { Known } from "./known.ts";
import { Likeness } from "./likeness.ts";
import { lookAtBare } from "./look.ts";
import { Memo } from "./memo.ts";
import { Objects } from "./objects.ts";
import { Places } from "./places.ts";
import {
  OP_CAS,
  OP_CAS64,
  OP_CHOOSE,
  OP_COPY_IN,
  OP_NOTIFY,
  OP_PAUSE,
  OP_TRY_LOCK,
  type Request,
  stampOf,
} from "./request.ts";
import { roomFor } from "./room.ts";
import { Sleepers } from "./sleepers.ts";
import { lookedAlong, Spins } from "./spins.ts";
import { isConditional, Threads } from "./threads.ts";
import { tellDifference, WayBack } from "./way-back.ts";
import { WordSteps } from "./word-steps.ts";

const TIMEOUT = 1;
const SPURIOUS = 2;
const KINDS = 4;
const PREFIXES: readonly string[] = ["", "timeout of ", "spurious wake-up of ", "interruption of "];

/** A program in bare mode as a system that strategies drive. */
export class BareSystem implements System {
  declare readonly fingerprint: string;
  declare readonly objects: number;
  declare readonly footprints: Footprints;
  declare readonly enabled: Int32Array;
  declare readonly violations: readonly Violation[];
  declare readonly maxThreads: number;
  readonly #program: Program;
  readonly #options: BareOptions;
  declare private readonly bare: Bare;
  readonly #objects: Objects;
  declare private readonly threads: Threads;
  declare private readonly words: WordSteps;
  declare private readonly sleepers: Sleepers;
  readonly #faults: number;
  /** Among whom a notify chooses depends on where it is. */
  readonly #notifyTraits: number;
  /** A wait has been seen that others than a notify may end. */
  #wakesAlone: boolean;
  /** Of a program that is learned. */
  declare private readonly way: WayBack;

  constructor(program: Program, options: BareOptions = {}) {
    const bare = new Bare(options.bytes ?? 1024);
    program(bare);
    const max = roomFor(bare.threads.length, options.maxThreads);
    const { pure = false, ...shaping } = options;
    this.fingerprint = digestText(JSON.stringify([program.toString(), shaping]));
    this.#program = program;
    this.#options = options;
    this.maxThreads = max;
    this.bare = bare;
    this.#faults = options.faults ?? 0;
    this.#wakesAlone = this.#faults > 0;
    this.#notifyTraits = options.wakeOrder === "any" ? STEP_VARIES : STEP_FIXED;
    this.#objects = new Objects(bare.words.length, bare.mutexes.length, max, options.refusalsOrdered);
    this.objects = this.#objects.count;
    this.footprints = this.#objects.footprints;
    this.sleepers = new Sleepers(max, options.wakeOrder ?? "fifo");
    this.threads = new Threads(bare, this.#objects, this.sleepers, max);
    this.enabled = this.threads.enabled;
    this.violations = this.threads.violations;
    this.words = new WordSteps(bare);
    this.way = new WayBack(this.threads);
    if (pure) this.threads.memo = new Memo(bare, (request, known) => this.#differs(request, known));
  }

  get actors(): number {
    return this.#wakesAlone ? KINDS * this.maxThreads : this.threads.count;
  }
  get pruned(): boolean {
    return this.threads.cut;
  }

  reset(): void {
    this.way.clear();
    this.words.reset();
    if (this.sleepers.count > 0) this.sleepers.clear();
    const { resets } = this.bare;
    for (let i = 0; i < resets.length; i++) resets[i]!();
    this.threads.reset();
  }

  goBack(actors: Int32Array, alternatives: Int32Array, length: number): number {
    return this.threads.memo === undefined ? -1 : this.way.goBack(actors, alternatives, length);
  }

  enabledCount(): number {
    const count = this.threads.listEnabled();
    return this.sleepers.count === 0 ? count : this.#listFaults(count);
  }

  isEnabled(actor: number): boolean {
    if (actor >= this.maxThreads) return this.#faultPossible(actor);
    return this.threads.mayStep(this.threads.requests[actor]!);
  }

  isBlocked(actor: number): boolean {
    return actor < this.maxThreads && this.threads.isBlocked(this.threads.requests[actor]!);
  }

  alternatives(actor: number): number {
    if (actor >= this.maxThreads) return 1;
    const request = this.threads.requests[actor]!;
    if (request.op < OP_CHOOSE) return 1;
    if (request.op === OP_CHOOSE) return Math.max(request.a, 1);
    return request.op === OP_NOTIFY ? this.sleepers.alternatives(request.a, request.b) : 1;
  }

  footprint(actor: number): number {
    const { requests } = this.threads;
    if (actor < this.maxThreads) {
      return footprintOf(requests[actor]!, this.threads, this.#objects, this.#faults > 0);
    }
    const objects = this.#objects;
    const thread = actor % this.maxThreads;
    const queue = objects.queue(requests[thread]!.a);
    return objects.footprints.of([queue, objects.lifeOf(thread), objects.afterArming(thread)]);
  }

  traits(actor: number): number {
    if (actor >= this.maxThreads) return STEP_WITHDRAWS;
    const request = this.threads.requests[actor]!;
    const { op } = request;
    if (isConditional(request)) return STEP_CONDITIONAL;
    if (op === OP_PAUSE) return STEP_YIELDS;
    if (op === OP_NOTIFY) return this.#notifyTraits | (this.#wakesAlone ? STEP_WITHDRAWS : 0);
    return op === OP_CAS || op === OP_CAS64 || op === OP_TRY_LOCK ? STEP_VARIES : STEP_FIXED;
  }

  stamp(actor: number): number {
    return actor < this.maxThreads ? stampOf(this.threads.requests[actor]!) : 0;
  }

  parentOf(actor: number): number {
    return actor < this.maxThreads ? this.threads.requests[actor]!.parent : -1;
  }

  /** V8 inlines what has less than 460 bytes of code, which is why the rare cases are elsewhere. */
  step(actor: number, alternative: number): void {
    const { threads, way } = this;
    if (threads.memo !== undefined) way.note(actor, alternative);
    threads.turnedOutCount = 0;
    if (threads.races !== undefined) threads.races.step(threads.requests[actor]);
    if (actor >= this.maxThreads) {
      this.#fault(actor);
      return;
    }
    const request = threads.requests[actor]!;
    const { op } = request;
    request.fresh = false;
    if (request.spin !== undefined) threads.passed(request);
    if (op <= OP_COPY_IN) this.words.perform(request, op);
    else if (!act(threads, request, op, alternative)) {
      this.#fellAsleep(request);
      return;
    }
    threads.resume(request);
    if (way.isWanted) way.made(request, op);
  }

  completed(footprint: number): number {
    const { turnedOut, turnedOutCount } = this.threads;
    let whole = footprint;
    for (let i = 0; i < turnedOutCount; i++) whole = this.footprints.union(whole, turnedOut[i]!);
    return whole;
  }

  finish(): void {
    const threads = this.threads;
    if (threads.unfinished > 0 && !threads.cut) {
      const kind = threads.requests.some(({ spin }) => spin !== undefined) ? "livelock" : "deadlock";
      threads.violations.push({ kind, message: whyStuck(threads), actor: -1 });
    }
    const { checks } = this.bare;
    for (let i = 0; i < checks.length; i++) {
      try {
        checks[i]!();
      } catch (cause) {
        threads.violate("assertion", -1, cause);
      }
    }
  }

  checkNext(): void {
    this.threads.memo?.checkNext();
  }

  learn(schedule: Schedule): boolean {
    const threads = this.threads;
    // Likeness asks for the bodies.
    this.checkNext();
    threads.spins ??= new Spins();
    this.reset();
    const steps = lookedAlong(threads, schedule, (actor, alternative) => this.step(actor, alternative));
    const learned = threads.spins.learn(steps, new Likeness(threads));
    // Points are kept only where there is a spin to meet.
    if (threads.spins.isEmpty) threads.spins = undefined;
    return learned;
  }

  stateHash(): number {
    return this.threads.hash(this.words.hash(0x2f6e2b1), this.words.hash(0x51ed27));
  }

  look(see: See): void {
    lookAtBare(this.threads, see);
  }

  nameOf(actor: number): string {
    const name = this.threads.nameOf(actor % this.maxThreads);
    return PREFIXES[Math.trunc(actor / this.maxThreads)] + name;
  }

  describe(actor: number): string {
    if (actor >= this.maxThreads) return "wake up";
    return describeRequest(this.threads.requests[actor]!, this.threads);
  }

  placeOf(schedule: Schedule, actor: number): string | undefined {
    const places = new Places();
    const options = { ...this.#options, pure: false };
    const system = new BareSystem((bare) => this.#program(places.watch(bare)), options);
    runGuided(system, schedule, { maxSteps: schedule.length });
    return places.of(actor);
  }

  /** A pure program is none. */
  #differs(request: Request, known: Known): never {
    const schedule = this.way.schedule();
    const place = this.placeOf(schedule, request.actor);
    throw new NondeterminismError(schedule, tellDifference(request, known, this.threads, place));
  }

  #fault(actor: number): void {
    fault(this.threads, actor % this.maxThreads, Math.trunc(actor / this.maxThreads));
    this.way.bar();
  }

  #fellAsleep(request: Request): void {
    if (request.c !== 0) this.#wakesAlone = true;
    this.way.bar();
  }

  #listFaults(threads: number): number {
    let count = threads;
    if (!this.#wakesAlone) return count;
    for (let actor = this.maxThreads; actor < KINDS * this.maxThreads; actor++) {
      if (this.#faultPossible(actor)) this.enabled[count++] = actor;
    }
    return count;
  }

  #faultPossible(actor: number): boolean {
    const thread = actor % this.maxThreads;
    if (this.sleepers.wordOf(thread) < 0) return false;
    const request = this.threads.requests[thread]!;
    const kind = Math.trunc(actor / this.maxThreads);
    if (kind === TIMEOUT) return request.c !== 0;
    return kind >= SPURIOUS && request.faults < this.#faults;
  }
}
