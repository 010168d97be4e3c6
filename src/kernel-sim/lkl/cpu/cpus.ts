/**
 * The kernel's CPUs as what threads of an application own one at a time: LKL's `lkl_cpu`, for several.
 *
 * A CPU is a right, not an executor: whoever has its token may execute kernel code on it. `get` waits for it in order of
 * arrival, `put` gives it to the next in line. Nobody outside sees a lock: there is none (layout.ts), and every way in or out
 * is one of these calls. Sources: lkl.md 3, and 20.1, 20.4, 20.7 to 20.9; docs/lkl.md says what became of I1 to I27.
 */
import type { Coroutine } from "../../../atomics/step.ts";
import { LklError } from "../errors.ts";
import type { HostWords } from "../host/host-words.ts";
import { contention, deadlineOf, EVERYBODY, MAX_TRIES } from "../host/words.ts";
import { closeGate, enterGate, leaveGate } from "./entry-gate.ts";
import { checkLine, drain, type IrqHandler, pend } from "./irqs.ts";
import {
  CLOSED,
  type CpuLayout,
  depthOf,
  grantOf,
  IRQ,
  irqsOffOf,
  LINE,
  MAX_DEPTH,
  ownedBy,
  ownerOf,
  POISONED,
  stateOf,
} from "./layout.ts";
import { shutDown } from "./shutdown.ts";
import { CpuToken } from "./token.ts";
import {
  asKind,
  claimFirst,
  GRANT_CLOSED,
  GRANT_DEAD,
  GRANT_GRANTED,
  GRANT_NONE,
  lineUp,
} from "./wait-line.ts";

/**
 * Why somebody did not get the CPU: the gate was closed; it was closed while he waited, or between gate and CPU; its owner
 * has died; his time was up; there are too many inside. Words, so that none can be taken for an errno.
 */
export type Refusal = "closed-at-gate" | "closed" | "poisoned" | "timed-out" | "full";

/** What became of a trigger: its handler has run; the owner will run it; the kernel is closed, and nobody will. */
export type Triggered = "delivered" | "pended" | "dropped";

export class LklCpus {
  readonly words: HostWords;
  readonly layout: CpuLayout;
  readonly #handler: IrqHandler;

  /** `handler` runs on the thread that owns the CPU, which may be any. */
  constructor(words: HostWords, layout: CpuLayout, handler: IrqHandler) {
    this.words = words;
    this.layout = layout;
    this.#handler = handler;
  }

  /**
   * Makes the caller the owner of `cpu`, or of one more level of it when it is already, or says why not. Waits `timeoutNs`,
   * in the order in which others do. Throws ERR_DEPTH at more than 15 levels.
   */
  *get(cpu: number, timeoutNs: number): Coroutine<CpuToken | Refusal> {
    const { words, layout } = this;
    const entered = yield* enterGate(words, layout);
    if (entered !== "in") return entered;
    const refusal = yield* this.#acquire(cpu, deadlineOf(words, timeoutNs));
    if (refusal === undefined) return new CpuToken(cpu, words.self);
    yield* leaveGate(words, layout);
    return refusal;
  }

  /**
   * Gives a level of the CPU back; with the last one the CPU goes to the next in line, after all interrupts that are pending
   * have been handled. Throws ERR_NOT_OWNER, ERR_IRQS_OFF, and what a handler throws.
   */
  *put(token: CpuToken): Coroutine<void> {
    const { words, layout } = this;
    const state = yield* this.#checked(token);
    if (depthOf(state) === 1 && (yield* words.memory.load32(irqsOffOf(layout, token.cpu))) !== 0) {
      throw new LklError("ERR_IRQS_OFF", `CPU ${token.cpu} is given back with its interrupts off`);
    }
    token.consume();
    yield* this.#release(token.cpu);
    yield* leaveGate(words, layout);
  }

  /**
   * Makes `thread` the owner in place of the caller, whose token is of no use any more. `thread` calls `adopt` before it does
   * anything. Throws ERR_NOT_OWNER, and ERR_DEPTH when the caller has entered more than once.
   */
  *changeOwner(token: CpuToken, thread: number): Coroutine<void> {
    const { memory, self } = this.words;
    const state = stateOf(this.layout, token.cpu);
    token.check(self);
    let found = yield* memory.load32(state);
    if (ownerOf(found) !== self) throw notOwner(token.cpu, self, found);
    if (depthOf(found) !== 1) {
      throw new LklError("ERR_DEPTH", `CPU ${token.cpu} is handed on at depth ${depthOf(found)}`);
    }
    token.consume();
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      if ((yield* memory.cmpxchg32(state, found, ownedBy(found, thread, 1))) === 0) return;
      found = memory.observed32;
    }
    throw contention(state);
  }

  /** The token of a CPU that `changeOwner` has given to the caller. Throws ERR_NOT_OWNER. */
  *adopt(cpu: number): Coroutine<CpuToken> {
    const { memory, self } = this.words;
    const found = yield* memory.load32(stateOf(this.layout, cpu));
    if (ownerOf(found) !== self) throw notOwner(cpu, self, found);
    return new CpuToken(cpu, self);
  }

  /**
   * Triggers a line from any thread. If the CPU is free the handler runs here and now, else on the owner at its next safe
   * point or put. Throws ERR_IRQ_LINE, and what a handler throws that runs here.
   */
  *trigger(cpu: number, line: number): Coroutine<Triggered> {
    const { words, layout } = this;
    checkLine(layout, line);
    if ((yield* enterGate(words, layout)) !== "in") return "dropped";
    yield* pend(words, layout, cpu, line);
    const triggered = yield* this.#raise(cpu);
    if (triggered !== "delivered") yield* leaveGate(words, layout);
    else {
      const token = new CpuToken(cpu, words.self);
      try {
        yield* drain(words, layout, cpu, this.#handler);
      } finally {
        yield* this.put(token);
      }
    }
    return triggered;
  }

  /** Handles what is pending, if interrupts are on: for code that computes for long, which nothing can interrupt. */
  *safePoint(token: CpuToken): Coroutine<void> {
    const { words, layout } = this;
    const state = yield* this.#checked(token);
    if ((state & IRQ) === 0 || (yield* words.memory.load32(irqsOffOf(layout, token.cpu))) !== 0) return;
    yield* drain(words, layout, token.cpu, this.#handler);
  }

  /** Turns interrupts off; returns whether they were on, for `irqRestore`. */
  *irqSave(token: CpuToken): Coroutine<boolean> {
    yield* this.#checked(token);
    return (yield* this.words.memory.xchg32(irqsOffOf(this.layout, token.cpu), 1)) === 0;
  }

  /** Turns interrupts on again if `wereOn`, and handles what has come meanwhile before it returns. */
  *irqRestore(token: CpuToken, wereOn: boolean): Coroutine<void> {
    yield* this.#checked(token);
    if (!wereOn) return;
    yield* this.words.memory.store32(irqsOffOf(this.layout, token.cpu), 0);
    yield* this.safePoint(token);
  }

  /** Closes the gate and every CPU: see shutdown.ts. True for the first who does. */
  *shutdown(): Coroutine<boolean> {
    const first = yield* closeGate(this.words, this.layout);
    yield* shutDown(this.words, this.layout);
    return first;
  }

  /** Undefined: the CPU is the caller's. */
  *#acquire(cpu: number, deadlineNs: number): Coroutine<Refusal | undefined> {
    const { words, layout } = this;
    const { memory, self } = words;
    const state = stateOf(layout, cpu);
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const found = yield* memory.load32(state);
      if ((found & CLOSED) !== 0) return "closed";
      if ((found & POISONED) !== 0) return "poisoned";
      const owner = ownerOf(found);
      if (owner !== 0 && owner !== self) {
        const waited = yield* lineUp(words, layout, cpu, found, deadlineNs);
        if (waited === "granted") return undefined;
        if (waited !== "again") return waited;
      } else if ((yield* memory.cmpxchg32(state, found, this.#deeper(cpu, found))) === 0) return undefined;
    }
    throw contention(state);
  }

  #deeper(cpu: number, state: number): number {
    const depth = depthOf(state) + 1;
    if (depth > MAX_DEPTH) throw new LklError("ERR_DEPTH", `CPU ${cpu} is entered ${depth} times at once`);
    return ownedBy(state, this.words.self, depth);
  }

  /** Takes the CPU for a handler, or leaves the interrupt to its owner. */
  *#raise(cpu: number): Coroutine<Triggered> {
    const { memory, self } = this.words;
    const state = stateOf(this.layout, cpu);
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const found = yield* memory.load32(state);
      if ((found & (CLOSED | POISONED)) !== 0) return "dropped";
      const owner = ownerOf(found);
      const mine = owner === self && (yield* memory.load32(irqsOffOf(this.layout, cpu))) === 0;
      const runs = owner === 0 || mine;
      const next = runs ? this.#deeper(cpu, found) : found | IRQ;
      if ((yield* memory.cmpxchg32(state, found, next)) === 0) return runs ? "delivered" : "pended";
    }
    throw contention(state);
  }

  /**
   * Gives one level back. The caller owns the CPU, and its interrupts are on if this is the last. What handlers throw waits
   * until the CPU is somebody else's.
   */
  *#release(cpu: number): Coroutine<void> {
    const { words, layout } = this;
    const state = stateOf(layout, cpu);
    const errors: unknown[] = [];
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const found = yield* words.memory.load32(state);
      const depth = depthOf(found);
      if (depth > 1) {
        const less = ownedBy(found, ownerOf(found), depth - 1);
        if ((yield* words.memory.cmpxchg32(state, found, less)) === 0) return;
      } else if ((found & IRQ) !== 0) yield* this.#drained(cpu, errors);
      else if (yield* this.#passOn(cpu, found)) {
        if (errors.length > 0) throw errors[0];
        return;
      }
    }
    throw contention(state);
  }

  *#drained(cpu: number, errors: unknown[]): Coroutine<void> {
    try {
      yield* drain(this.words, this.layout, cpu, this.#handler);
    } catch (error) {
      errors.push(error);
    }
  }

  /** Frees the CPU, or hands it to the next in line. False: something has changed, and the caller still has it. */
  *#passOn(cpu: number, found: number): Coroutine<boolean> {
    const { words, layout } = this;
    const { memory } = words;
    const state = stateOf(layout, cpu);
    const closed = (found & CLOSED) !== 0;
    // Those who wait for a closed CPU are sent home by who closes it.
    const claim = closed ? undefined : yield* claimFirst(words, layout, cpu);
    if (claim === undefined) {
      // Whoever lined up or triggered since has changed the word. Nobody has looked for others in the line of a closed one.
      const seen = closed ? found : found & ~LINE;
      return (yield* memory.cmpxchg32(state, seen, ownedBy(seen, 0, 0))) === 0;
    }
    const grant = grantOf(layout, cpu, claim.thread);
    const given = yield* this.#makeOwner(cpu, claim.thread, CLOSED);
    const told = asKind(claim.grant, given ? GRANT_GRANTED : GRANT_CLOSED);
    yield* memory.cmpxchg32(grant, claim.grant, told);
    const dead = memory.observed32 === asKind(claim.grant, GRANT_DEAD);
    if (dead) {
      // Its name must be gone from the CPU before its slot can be another's: who has seen it die waits for this.
      if (given) yield* this.#makeOwner(cpu, words.self, 0);
      yield* memory.store32(grant, asKind(claim.grant, GRANT_NONE));
    }
    yield* words.wakeWord(grant, EVERYBODY);
    return given && !dead;
  }

  /** False: a bit of `unless` is set in the state, and its owner is who it was. */
  *#makeOwner(cpu: number, thread: number, unless: number): Coroutine<boolean> {
    const { memory } = this.words;
    const state = stateOf(this.layout, cpu);
    let found = yield* memory.load32(state);
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      if ((found & unless) !== 0) return false;
      if ((yield* memory.cmpxchg32(state, found, ownedBy(found, thread, 1))) === 0) return true;
      found = memory.observed32;
    }
    throw contention(state);
  }

  /** The state of the token's CPU, which the caller owns. */
  *#checked(token: CpuToken): Coroutine<number> {
    const { memory, self } = this.words;
    token.check(self);
    const state = yield* memory.load32(stateOf(this.layout, token.cpu));
    if (ownerOf(state) === self) return state;
    throw notOwner(token.cpu, self, state);
  }
}

function notOwner(cpu: number, self: number, state: number): LklError {
  return new LklError("ERR_NOT_OWNER", `CPU ${cpu} belongs to thread ${ownerOf(state)}, not to ${self}`);
}
