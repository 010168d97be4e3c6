/**
 * Which idle state a CPU enters, when it goes deeper, and how long it has been in each.
 *
 * | `idle` | what a CPU does that has nothing to run |
 * |---|---|
 * | name of a state | enters that state |
 * | menu | the deepest state whose target residency is not above what it expects: the time to its next timer, or what it has been idle for of late, whichever is less |
 * | haltpoll | polls up to a limit of its own, then enters the state that does not poll. For guests, where leaving HLT is dear |
 * | oracle | is in whatever state would have been right: the deepest whose target residency it has reached by the time somebody wakes it |
 *
 * States are listed from the shallowest to the deepest. Of late: an average in which the last stay counts an eighth. Linux's
 * menu takes the typical one of the last eight stays, and corrects the timer by how often it came true; it also weighs
 * latency limits. Its poll limit (`guest_halt_poll_ns`) is what haltpoll has here: from 0 it grows to 50 us and doubles up to
 * 200 us whenever a stay in the halted state was longer than the limit and not longer than 200 us; it is halved, and falls
 * to 0 below 50 us, when a stay was longer than that. A wake-up that comes while it polls changes nothing.
 *
 * Oracle is a bound and no mechanism: nobody sees the state of a sleeping CPU but who wakes it, so that the choice can be
 * put off until then, when the length of the stay is known. Its trace says so, with state -1 on entry.
 * Sources: drivers/cpuidle/governors/menu.c and haltpoll.c.
 */
import type { Arena } from "./arena.ts";

/** Who chooses among the idle states. */
export type IdleGovernorName = "menu" | "haltpoll" | "oracle";

/** Every governor. */
export const IDLE_GOVERNORS: readonly IdleGovernorName[] = ["menu", "haltpoll", "oracle"];

/** What a governor knows of an idle state. */
export interface IdleStateRules {
  readonly name: string;
  /** A CPU in this state watches its flag line: waking it needs no IPI. */
  readonly polls: boolean;
  /** Less time than this is not worth entering it, ns. */
  readonly targetResidencyNs: number;
}

/** What idle CPUs do: one state, or a governor that chooses. */
export interface IdlePolicy {
  /** From the shallowest to the deepest, at most 8. */
  readonly states: readonly IdleStateRules[];
  /** Undefined: always `state`. */
  readonly governor: IdleGovernorName | undefined;
  /** Index of the state to enter; with haltpoll, of the one after polling. */
  readonly state: number;
}

/** IDLE_ENTER of a state that is decided later. */
export const IDLE_UNDECIDED = -1;

export const MAX_IDLE_STATES = 8;
const POLL_START_NS = 50_000;
const POLL_MAX_NS = 200_000;

/** A sleeping CPU watches its flag: an interrupt is sent to those that run only. For hosts on which idle states cost nothing. */
export const POLLING: IdlePolicy = {
  states: [{ name: "poll", polls: true, targetResidencyNs: 0 }],
  governor: undefined,
  state: 0,
};

export class IdleGovernor {
  declare readonly policy: IdlePolicy;
  /** Does every CPU that sleeps watch its flag line, or none? Undefined: that differs. */
  declare private readonly allPoll: boolean | undefined;
  declare private readonly pollState: number;
  /** By CPU: state, when it was entered, when the CPU fell asleep. */
  declare private readonly states: Int32Array;
  declare private readonly since: Float64Array;
  declare private readonly asleep: Float64Array;
  /** By CPU: average stay, 0 = none yet; how long it polls. */
  declare private readonly averages: Float64Array;
  declare private readonly limits: Float64Array;
  /** By CPU and state. */
  declare private readonly times: Float64Array;
  declare private readonly entries: Float64Array;

  constructor(arena: Arena, vcpus: number, policy: IdlePolicy) {
    this.policy = policy;
    this.allPoll = policy.governor === undefined ? policy.states[policy.state]!.polls : undefined;
    this.pollState = policy.states.findIndex(({ polls }) => polls);
    this.states = arena.int32(vcpus);
    this.since = arena.float64(vcpus);
    this.asleep = arena.float64(vcpus);
    this.averages = arena.float64(vcpus);
    this.limits = arena.float64(vcpus);
    this.times = arena.float64(vcpus * MAX_IDLE_STATES);
    this.entries = arena.float64(vcpus * MAX_IDLE_STATES);
  }

  /** `cpu` falls asleep; its first timer is due at `timerNs`. Returns the state. */
  enter(cpu: number, now: number, timerNs: number): number {
    const state = this.#choose(cpu, timerNs - now);
    this.states[cpu] = state;
    this.since[cpu] = now;
    this.asleep[cpu] = now;
    return state;
  }

  #choose(cpu: number, timerInNs: number): number {
    switch (this.policy.governor) {
      case "menu": {
        const average = this.averages[cpu]!;
        return this.#deepest(average === 0 ? timerInNs : Math.min(timerInNs, average));
      }
      case "haltpoll":
        return this.limits[cpu] === 0 ? this.policy.state : this.pollState;
      case "oracle":
        return IDLE_UNDECIDED;
      default:
        return this.policy.state;
    }
  }

  /** The deepest state that `ns` of idleness are worth. */
  #deepest(ns: number): number {
    const { states } = this.policy;
    let deepest = 0;
    for (let state = 1; state < states.length; state++)
      if (states[state]!.targetResidencyNs <= ns) deepest = state;
    return deepest;
  }

  /** When a CPU that has just fallen asleep shall go deeper; Infinity: it stays as it is. */
  deepensAt(cpu: number): number {
    const polling = this.policy.governor === "haltpoll" && this.states[cpu] === this.pollState;
    return polling ? this.since[cpu]! + this.limits[cpu]! : Number.POSITIVE_INFINITY;
  }

  /** The poll limit of a sleeping CPU has passed. Returns the state it is in from `now` on. */
  deepen(cpu: number, now: number): number {
    this.#account(cpu, this.pollState, now);
    this.states[cpu] = this.policy.state;
    this.since[cpu] = now;
    return this.policy.state;
  }

  /** The state of a sleeping CPU. */
  stateOf(cpu: number, now: number): number {
    const state = this.states[cpu]!;
    return state === IDLE_UNDECIDED ? this.#deepest(now - this.since[cpu]!) : state;
  }

  /** Since when it has been in that state. */
  sinceNs(cpu: number): number {
    return this.since[cpu]!;
  }

  /** Does the sleeping `cpu` notice that its flag is set? */
  polls(cpu: number, now: number): boolean {
    return this.allPoll ?? this.policy.states[this.stateOf(cpu, now)]!.polls;
  }

  /** Something wakes `cpu`. Returns the state it was in. */
  leave(cpu: number, now: number): number {
    const state = this.stateOf(cpu, now);
    this.#account(cpu, state, now);
    if (this.policy.governor === "haltpoll" && state === this.policy.state)
      this.#adjust(cpu, now - this.since[cpu]!);
    const stay = now - this.asleep[cpu]!;
    const average = this.averages[cpu]!;
    this.averages[cpu] = average === 0 ? stay : average + (stay - average) / 8;
    return state;
  }

  /** adjust_poll_limit(): `ns` it was halted. */
  #adjust(cpu: number, ns: number): void {
    const limit = this.limits[cpu]!;
    if (ns > limit && ns <= POLL_MAX_NS) {
      this.limits[cpu] = Math.min(POLL_MAX_NS, Math.max(POLL_START_NS, 2 * limit));
    } else if (ns > POLL_MAX_NS) this.limits[cpu] = limit / 2 < POLL_START_NS ? 0 : limit / 2;
  }

  #account(cpu: number, state: number, now: number): void {
    const at = cpu * MAX_IDLE_STATES + state;
    this.times[at]! += now - this.since[cpu]!;
    this.entries[at]!++;
  }

  /** How long `cpu` has slept in `state`, and how often; the stay that lasts still is not counted. */
  timeNs(cpu: number, state: number): number {
    return this.times[cpu * MAX_IDLE_STATES + state]!;
  }
  count(cpu: number, state: number): number {
    return this.entries[cpu * MAX_IDLE_STATES + state]!;
  }
  /** How long `cpu` polls under haltpoll, ns. */
  pollLimitNs(cpu: number): number {
    return this.limits[cpu]!;
  }
}

/** What a CPU had of one idle state, up to its last wake-up. */
export interface IdleTime {
  readonly cpu: number;
  readonly state: string;
  readonly count: number;
  readonly ns: number;
}

/** By CPU and state. */
export function idleTimes(idle: IdleGovernor, vcpus: number): IdleTime[] {
  const list: IdleTime[] = [];
  for (let cpu = 0; cpu < vcpus; cpu++) {
    for (const [index, { name }] of idle.policy.states.entries())
      list.push({ cpu, state: name, count: idle.count(cpu, index), ns: idle.timeNs(cpu, index) });
  }
  return list;
}
