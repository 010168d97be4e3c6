/**
 * Kernel mode: a program of tasks, servers and workers on an explored machine, as a system to explore.
 *
 *     const system = new KernelSystem((machine) => {
 *       const word = machine.allocate(4);
 *       machine.spawn(function* (env) { yield* env.memory.store32(word, 1); });
 *     }, { umcg: "posted" });
 *
 * The program is called at the beginning of each execution; what it spawns must do the same each time but for what it reads
 * of memory. Actors and their steps: hosts/explore. The first thing that goes wrong ends the execution. The end is reached
 * when every task has exited, whatever timers and interrupts are still on their way.
 */

import { STORE32 } from "../../hosts/explore/access-slot.ts";
import { ACTOR_CPU, ACTOR_KINDS, ACTOR_PREEMPT, ACTOR_SPURIOUS } from "../../hosts/explore/actors.ts";
import { REQUEST_NAMES, WILL_ACCESS } from "../../hosts/explore/task-code.ts";
import { type Footprints, NO_ACCESS } from "../../interleaving/footprints.ts";
import type { See } from "../../interleaving/look.ts";
import type { Schedule } from "../../interleaving/schedule.ts";
import {
  STEP_CONDITIONAL,
  STEP_FIXED,
  STEP_VARIES,
  STEP_WITHDRAWS,
  type System,
  type Violation,
  type ViolationKind,
} from "../../interleaving/system.ts";
import { MachineError } from "../../kernel-sim/errors.ts";
import { type ExploredConfig, ExploredMachine } from "../../machine/explored-machine.ts";
import { HARDENED_RULES, InvariantError, POSTED_RULES } from "../../umcg/invariants/index.ts";
import { whereSuspended } from "../../watchdog/index.ts";
import { runGuided } from "../guided-run.ts";
import { digestText, joinLanes, mix } from "../mix.ts";
import { KernelFootprints } from "./kernel-footprints.ts";
import { learnSpins } from "./learn-spins.ts";
import { findLivelock } from "./livelock.ts";
import { KernelLook } from "./look.ts";
import { ObservedSteps } from "./observed-steps.ts";

/** Allocates and spawns. */
export type KernelProgram = (machine: ExploredMachine) => void;

/** The machine of a program in kernel mode, and where its exploration begins. */
export interface KernelOptions extends ExploredConfig {
  /** The program moves pages, or changes their protection, while it runs. Default false. */
  readonly paging?: boolean;
  /**
   * Exploration begins behind so many steps, or where this first holds; until then the actors take steps in turn, as is nobody's
   * choice. Default 0. For programs whose way to what is of interest has more interleavings than that has.
   */
  readonly from?: number | ((machine: ExploredMachine) => boolean);
  /**
   * Where this holds the program may rest: nobody can step, and that is an end and no deadlock. Default: when every task has
   * exited. For programs whose end has more interleavings than what is of interest.
   */
  readonly rests?: (machine: ExploredMachine) => boolean;
}

/** Steps on the way to where exploration begins. */
const MAX_PROLOGUE = 10_000;

const KINDS: Readonly<Record<string, ViolationKind>> = {
  ERR_DEADLOCK: "deadlock",
  ERR_FOREIGN_YIELD: "foreign-yield",
  ERR_LEAK: "leak",
  ERR_RUN_LIMIT: "livelock",
};

/** An explored machine as a system that strategies drive. */
export class KernelSystem implements System {
  readonly fingerprint: string;
  footprints: Footprints;
  objects: number;
  watched = false;
  readonly actors: number;
  readonly enabled: Int32Array;
  readonly pruned = false;
  readonly outsideFrom?: number;
  readonly machine: ExploredMachine;
  readonly violations: Violation[] = [];
  readonly #program: KernelProgram;
  readonly #options: KernelOptions;
  readonly #from: number | ((machine: ExploredMachine) => boolean);
  readonly #rests: (machine: ExploredMachine) => boolean;
  readonly #objects: KernelFootprints;
  readonly #words: Uint32Array;
  #observed: ObservedSteps | undefined;
  #touched = NO_ACCESS;
  #learnsSpins: boolean;
  readonly #look: KernelLook;

  /** Throws ERR_CONFIG naming the first bad value. */
  constructor(program: KernelProgram, options: KernelOptions = {}) {
    const { paging = false, from = 0, rests = (machine) => machine.ended, ...config } = options;
    this.#from = from;
    this.#rests = rests;
    this.#learnsSpins = options.spinsWait === true;
    this.machine = new ExploredMachine(config);
    this.#program = program;
    this.#options = options;
    const { preemptions = 0, spuriousWakes = 0, signals = 0 } = options.nondeterminism ?? {};
    this.#objects = new KernelFootprints(this.machine, paging);
    this.footprints = this.#objects.footprints;
    this.objects = this.#objects.count;
    const { actors } = this.machine.host;
    this.actors = actors.count;
    if (preemptions + spuriousWakes + signals > 0) this.outsideFrom = actors.of(ACTOR_PREEMPT, 0);
    this.enabled = new Int32Array(this.actors);
    this.#words = new Uint32Array(this.machine.kernel.buffer);
    this.#look = new KernelLook(this.machine, config.umcg === "posted" ? POSTED_RULES : HARDENED_RULES);
    this.fingerprint = digestText(
      JSON.stringify([program.toString(), options, from.toString(), rests.toString()]),
    );
  }

  observe(): void {
    this.#observed = new ObservedSteps(this.machine);
    this.footprints = this.#observed.footprints;
    this.objects = this.#observed.count;
  }

  reset(): void {
    if (this.#learnsSpins) {
      this.#learnsSpins = false;
      learnSpins(this);
    }
    this.violations.length = 0;
    this.machine.begin();
    try {
      this.#program(this.machine);
      this.#goTo(this.#from);
    } catch (cause) {
      this.#violate(cause, -1);
    }
  }

  #goTo(from: number | ((machine: ExploredMachine) => boolean)): void {
    const { machine } = this;
    let last = -1;
    for (let steps = 0; typeof from === "number" ? steps < from : !from(machine); steps++) {
      const count = machine.enabled(this.enabled);
      if (count === 0 || steps === MAX_PROLOGUE) {
        const message = `after ${steps} steps in turn the program is not where exploration is to begin`;
        throw new MachineError("ERR_CONFIG", message);
      }
      const enabled = this.enabled.subarray(0, count);
      last = enabled.find((actor) => actor > last) ?? enabled[0]!;
      machine.step(last);
    }
  }

  get #over(): boolean {
    return this.violations.length > 0;
  }

  enabledCount(): number {
    return this.#over ? 0 : this.machine.enabled(this.enabled);
  }
  isEnabled(actor: number): boolean {
    return !this.#over && this.machine.host.isEnabled(actor);
  }
  isBlocked(actor: number): boolean {
    return !this.isEnabled(actor) && this.machine.host.hasBeen(actor);
  }
  alternatives(): number {
    return 1;
  }
  footprint(actor: number): number {
    const observed = this.#observed;
    if (observed === undefined) return this.#objects.of(actor);
    return this.violations.length > 0 ? observed.everything : observed.gate(actor);
  }
  traits(actor: number): number {
    const { host, kernel } = this.machine;
    if (this.#observed !== undefined) {
      const conditional = host.spins(actor) ? STEP_CONDITIONAL : 0;
      return STEP_VARIES | conditional | (host.onlyCpus ? 0 : STEP_WITHDRAWS);
    }
    if (host.spins(actor)) return STEP_CONDITIONAL | STEP_VARIES;
    const running = host.actors.kind(actor) === ACTOR_CPU && kernel.cpus.curr(host.actors.place(actor)) !== 0;
    return (running ? 0 : STEP_CONDITIONAL) | (this.#objects.varies(actor) ? STEP_VARIES : STEP_FIXED);
  }

  stamp(actor: number): number {
    const { host, kernel } = this.machine;
    if (host.actors.kind(actor) !== ACTOR_CPU) return 0;
    const tid = kernel.cpus.curr(host.actors.place(actor));
    if (tid === 0) return -1;
    const request = host.code.request(tid);
    if (request !== WILL_ACCESS) return mix(tid, request);
    const slot = host.code.slot(tid);
    return mix(mix(mix(tid, slot.operation), slot.addr), slot.operation === STORE32 ? slot.value : 0);
  }

  parentOf(): number {
    return -1;
  }

  step(actor: number, _alternative: number): void {
    if (this.watched && this.#observed !== undefined) {
      this.#touched = this.#observed.step(actor, (cause) => this.#violate(cause, actor));
      return;
    }
    try {
      this.machine.step(actor);
    } catch (cause) {
      this.#violate(cause, actor);
    }
  }
  completed(footprint: number): number {
    return this.#observed === undefined ? footprint : this.#touched;
  }

  livelock(): string | undefined {
    return findLivelock(this.machine);
  }

  finish(): void {
    const { machine } = this;
    if (this.violations.length > 0) return;
    try {
      if (!this.#rests(machine)) machine.failStuck();
      machine.checkEnd();
    } catch (cause) {
      this.#violate(cause, -1, "assertion");
    }
  }

  stateHash(): number {
    const words = this.#words;
    let a = 0x2f6e2b1;
    let b = 0x51ed27;
    for (let i = 0; i < words.length; i++) {
      a = mix(a, words[i]!);
      b = mix(b, words[i]! ^ i);
    }
    const { code } = this.machine.host;
    for (let tid = 1; tid <= this.machine.kernel.lastTid; tid++) a = mix(a, code.request(tid));
    return joinLanes(a, b);
  }

  look(see: See): void {
    this.#look.see(see);
  }

  nameOf(actor: number): string {
    const { host, kernel } = this.machine;
    const kind = host.actors.kind(actor);
    const place = host.actors.place(actor);
    if (kind >= ACTOR_SPURIOUS) return `${ACTOR_KINDS[kind]} ${kernel.names.of(place)}`;
    return `${ACTOR_KINDS[kind]}${place}`;
  }

  describe(actor: number): string {
    const { host, kernel } = this.machine;
    if (host.actors.kind(actor) !== ACTOR_CPU) return ACTOR_KINDS[host.actors.kind(actor)]!;
    const tid = kernel.cpus.curr(host.actors.place(actor));
    if (tid === 0) return "leaves idle";
    const request = host.code.request(tid);
    const slot = host.code.slot(tid);
    const what =
      request === WILL_ACCESS
        ? `${slot.user ? "" : "kernel "}${slot.kind} 0x${slot.addr.toString(16)}`
        : REQUEST_NAMES[request];
    return `${kernel.names.of(tid)}: ${what}`;
  }

  placeOf(schedule: Schedule, actor: number): string | undefined {
    const system = new KernelSystem(this.#program, this.#options);
    runGuided(system, schedule, { maxSteps: schedule.length });
    const body = system.#bodyOf(actor);
    return body && whereSuspended(body);
  }

  /** `other`: the kind of what is no error of the machine. */
  #violate(cause: unknown, actor: number, other: ViolationKind = "threw"): void {
    const message = (cause as Error).message;
    if (cause instanceof InvariantError) {
      const [first = ""] = message.split("\n");
      this.violations.push({ kind: "invariant", message: first, actor, invariant: `I${cause.invariant}` });
      return;
    }
    const kind = cause instanceof MachineError ? (KINDS[cause.code] ?? "threw") : other;
    const line = kind === "deadlock" ? message.split("\n").join("; ") : message.split("\n")[0]!;
    const coroutine = this.#bodyOf(actor);
    this.violations.push({ kind, message: line, actor, cause, ...(coroutine && { coroutine }) });
  }

  /** Of the task that an actor steps for. */
  #bodyOf(actor: number): object | undefined {
    const { host, kernel } = this.machine;
    if (actor < 0 || host.actors.kind(actor) !== ACTOR_CPU) return undefined;
    return host.code.bodyOf(kernel.cpus.curr(host.actors.place(actor)));
  }
}
